"""The layout that DESIGN.md draws: imports point one way, and every library has its owner."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "campaign"

LAYERS = [
    {"errors"},
    {"sheets"},
    {"campaign_file", "starter", "recipients", "channels"},
    {"keys", "messages"},
    {"journal"},
    {"plan", "delivery", "review", "sandbox"},
    {"runs"},
    {"cli"},
    {"__main__"},
]
"""From the bottom: a part imports from the layers below its own, and from within itself."""

OWNERS = {
    "click": {"cli"},
    "tqdm": {"cli"},
    "aiohttp": {"delivery/transport.py", "sandbox"},
    "yarl": {"delivery/transport.py"},
    "sqlite3": {"journal"},
    "filelock": {"journal"},
    "jinja2": {"messages", "review/preview_page.py"},
    "openpyxl": {"sheets", "review"},
    "charset_normalizer": {"sheets"},
}

MODULES = sorted(PACKAGE.rglob("*.py"))


def imports(module: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def part(name: str) -> str:
    return name.split(".")[1] if name.startswith("campaign.") else ""


def layer(name: str) -> int:
    return next(height for height, parts in enumerate(LAYERS) if name in parts)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(PACKAGE)))
def test_imports_point_one_way(module: Path) -> None:
    own = module.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if own == "__init__":
        return
    for imported in sorted({part(name) for name in imports(module)} - {"", own}):
        assert layer(imported) < layer(own), f"{own} imports {imported}"


@pytest.mark.parametrize("library", OWNERS)
def test_a_library_has_one_owner(library: str) -> None:
    users = {
        module.relative_to(PACKAGE).as_posix()
        for module in MODULES
        if any(name.split(".")[0] == library for name in imports(module))
    }
    strangers = {
        user for user in users if not any(user == owner or user.startswith(owner + "/") for owner in OWNERS[library])
    }
    assert users
    assert not strangers
