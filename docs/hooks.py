"""Hooks of MkDocs: files of the repository that pages link to, and the language of a page."""

from __future__ import annotations

import re
from pathlib import Path

from mkdocs.structure.files import File

ROOT = Path(__file__).parents[1]
FOLDERS = ("samples", "templates")
ENDINGS = {".toml", ".json", ".csv", ".xlsx", ".py", ".png"}


def on_files(files, config):  # noqa: ANN001, ANN201 - called by MkDocs
    """Publish the samples and the shipped templates beside the pages."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in ENDINGS and ".results" not in path.name:
                name = path.relative_to(ROOT).as_posix()
                files.append(File.generated(config, name, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown, page, **_):  # noqa: ANN001, ANN003, ANN201 - called by MkDocs
    """Let links to those files hold in the repository, which has them beside docs/, and on the site, inside it.

    In a table, a bar within code is written with a backslash where pages of
    the repository are shown, and without one here.
    """
    up = "../" * page.file.src_uri.count("/")
    markdown = re.sub(r"^ *\|.*$", _with_bars, markdown, flags=re.MULTILINE)
    return re.sub(rf"\]\({re.escape(up)}\.\./({'|'.join(FOLDERS)})/", rf"]({up}\1/", markdown)


def on_post_page(output, page, **_):  # noqa: ANN001, ANN003, ANN201 - called by MkDocs
    """Name the language of the Vietnamese pages, so that they are read aloud and hyphenated as such."""
    return output.replace('<html lang="en"', '<html lang="vi"', 1) if page.file.src_uri.startswith("vi/") else output


def _with_bars(line):  # noqa: ANN001, ANN202
    return re.sub(r"`[^`]*`", lambda code: code[0].replace(r"\|", "|"), line[0])
