"""Stand-ins for what a fresh machine installs with: they take it from the environment of the tests, not the internet.

`python3 -m venv DIR` makes a new environment in which `pip install` finds the libraries of this one; `pipx install` and
`uv tool install` put the command on the path. The package itself is that of the clone.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PYTHON = """\
#!/bin/bash
if [ "$1 $2" = "-m venv" ]; then exec "{python}" "{script}" environment "$PWD" "$3"; fi
exec "{python}" "$@"
"""
PIP = """\
#!/bin/bash
[ "$1" = install ] && exec "{python}" "{script}" command "$PWD" "{folder}"
exit 1
"""
TOOL = """\
#!/bin/bash
[ "$*" = "{arguments}" ] || exit 1
"{python}" "{script}" environment "$PWD" "{folder}" && "{python}" "{script}" command "$PWD" "{folder}" &&
  ln -sf "{folder}/bin/campaign" "{bin}/campaign"
"""
COMMAND = """\
#!{folder}/bin/python
from campaign.__main__ import main
main()
"""
TOOLS = {"pipx": "install .", "uv": "tool install ."}


def write_stand_ins(folder: Path) -> Path:
    """Write the programs, and return the folder to put on the path."""
    programs = folder / "bin"
    programs.mkdir()
    names = {"python": sys.executable, "script": __file__, "bin": programs, "folder": folder / "tool"}
    _write(programs / "python3", PYTHON.format(**names))
    for name, arguments in TOOLS.items():
        _write(programs / name, TOOL.format(arguments=arguments, **names))
    return programs


def _write(program: Path, text: str) -> None:
    program.write_text(text, encoding="utf-8")
    program.chmod(0o755)


def _make_environment(clone: Path, folder: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (own,) = folder.glob("lib/python*/site-packages")
    found = [str(clone), *(path for path in sys.path if path.endswith(("site-packages", "dist-packages")))]
    (own / "found.pth").write_text("\n".join(found) + "\n", encoding="utf-8")
    _write(folder / "bin" / "pip", PIP.format(python=sys.executable, script=__file__, folder=folder))


def _make_command(folder: Path) -> None:
    _write(folder / "bin" / "campaign", COMMAND.format(folder=folder))


if __name__ == "__main__":
    what, here, where = sys.argv[1:]
    target = Path(here, where)
    if what == "environment":
        _make_environment(Path(here), target)
    else:
        _make_command(target)
