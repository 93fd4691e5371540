"""The pages are built without a warning, and ask no other server for anything."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.markdown import ROOT, pages

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("mkdocs") is None, reason="MkDocs is not installed: the extra docs"),
]
FETCHED = re.compile(r"<(?:script|img|iframe|source)[^>]* src=\"(?:https?:)?//|<link[^>]* href=\"(?:https?:)?//")
"""What a browser asks another server for when it shows a page; the address of a link is none of it."""


def test_the_site_is_built_without_a_warning_and_fetches_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (built.returncode, built.stdout, built.stderr) == (0, "", "")
    for name in pages():
        text = (tmp_path / name).with_suffix(".html").read_text(encoding="utf-8")
        assert FETCHED.search(text) is None, name
        assert f'<html lang="{"vi" if name.startswith("vi/") else "en"}"' in text, name
    assert "url(http" not in "".join(path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.css"))
    assert (tmp_path / "samples" / "languages.toml").exists()
    assert (tmp_path / "templates" / "livechat-text.toml").exists()
