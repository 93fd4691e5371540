"""Files that another program keeps open."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest


def hold_open(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Refuse to replace these files, as Windows does while another program has them open."""
    replace = Path.replace

    def refuse(self: Path, target: Path) -> Path:
        if target.name in names:
            raise PermissionError(errno.EACCES, "The process cannot access the file", str(target))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", refuse)
