"""What is easily wrong with an image, read from its Dockerfile; no engine is needed."""

from __future__ import annotations

import json
import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
LINES = [line.split(None, 1) for line in TEXT.splitlines() if line.strip() and not line.startswith("#")]
STAGES = [number for number, (word, _) in enumerate(LINES) if word == "FROM"]
LAST = LINES[STAGES[-1] :]
IGNORED = [
    line for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line and line[0] != "#"
]


def values(word: str, lines: list[list[str]]) -> list[str]:
    return [value for each, value in lines if each == word]


def project() -> dict[str, object]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        found: dict[str, object] = tomllib.load(file)["project"]
    return found


def test_what_builds_stays_out_of_the_image() -> None:
    assert len(STAGES) == 2
    assert [value.split() for value in values("COPY", LAST)] == [["--from=build", "/opt/campaign", "/opt/campaign"]]
    assert "pip" not in " ".join(values("RUN", LAST))


def test_the_base_is_a_small_python_of_one_version_that_campaign_admits() -> None:
    bases = {value.split()[0] for value in values("FROM", LINES)}
    assert len(bases) == 1
    found = re.fullmatch(r"python:(3\.\d+)-slim", bases.pop())
    assert found is not None
    assert f"Programming Language :: Python :: {found[1]}" in json.dumps(project()["classifiers"])


def test_it_does_not_run_as_the_administrator() -> None:
    words = [word for word, _ in LAST]
    assert values("USER", LAST) == ["campaign"]
    assert "useradd --uid 10001" in " ".join(values("RUN", LAST))
    assert words.index("USER") > max(words.index("RUN"), words.index("COPY"))


def test_signals_reach_the_command_itself() -> None:
    assert json.loads(values("ENTRYPOINT", LAST)[0]) == ["campaign"]  # the form with a shell would keep them
    assert json.loads(values("CMD", LAST)[0]) == ["--help"]


def test_no_secret_and_nothing_from_the_network_but_packages_is_in_it() -> None:
    assert not re.search(r"KITECHAT|PASSWORD|TOKEN|SECRET", TEXT, re.IGNORECASE)
    assert not re.search(r"^ADD|curl|wget|https?://", TEXT, re.MULTILINE)


def test_text_is_utf_8_whatever_the_locale() -> None:
    assert "PYTHONUTF8=1" in " ".join(values("ENV", LAST))


def is_sent(name: str) -> bool:
    """Whether the engine gets a file: the last pattern that covers it decides."""
    sent = True
    for pattern in IGNORED:
        plain = pattern.lstrip("!")
        parts = [name, *(str(each) for each in Path(name).parents)]
        if any(fnmatch(part, plain) or fnmatch(f"/{part}", plain.replace("**", "*")) for part in parts):
            sent = pattern.startswith("!")
    return sent


def test_the_build_gets_what_it_copies_and_no_lists_or_journals() -> None:
    copied = [word for value in values("COPY", LINES[: STAGES[-1]]) for word in value.split()[:-1]]
    assert copied
    assert [name for name in copied if not (ROOT / name).exists() or not is_sent(name)] == []
    assert is_sent("campaign/api.py")
    for name in (
        "samples/livechat-text.xlsx",
        "campaign/tet.journal.db-wal",
        ".git/config",
        "key",
        "tests/conftest.py",
    ):
        assert not is_sent(name), name


def test_everything_that_the_wheel_is_made_of_is_copied() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        settings = tomllib.load(file)
    wheel = settings["tool"]["hatch"]["build"]["targets"]["wheel"]
    sources = {*wheel["packages"], *wheel["force-include"], *(name.split("/")[0] for name in wheel["shared-data"])}
    sources |= {settings["project"]["readme"], *settings["project"]["license-files"], "pyproject.toml"}
    copied = {word for value in values("COPY", LINES[: STAGES[-1]]) for word in value.split()[:-1]}
    assert sources == copied
