"""The layout described in CONTRIBUTING.md: imports point one way, libraries have owners, modules are small."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "campaign"

LAYERS = [
    {"schedule"},
    {"errors", "lazy_names", "settings", "text", "atomic_write", "operating_system", "time_zone"},
    {"finding_kinds"},
    {"findings"},
    {"problem_groups", "refusals"},
    {"sheets", "toml_text", "paths"},
    {"config_values"},
    {"config", "recipients", "channels", "webpage", "more_rules"},
    {"campaign_file"},
    {"file_of_today"},
    {"messages", "starter"},
    {"journal.records", "journal.origin", "journal.cells", "journal.activity"},
    {
        "delivery.ports",
        "delivery.budget",
        "delivery.admission",
        "delivery.finished",
        "delivery.shutdown",
        "delivery.redaction",
        "delivery.spellings",
    },
    {"journal"},
    {"plan_conversations", "plan_gaps", "plan_rows", "plan_selection", "trial"},
    {"plan_findings"},
    {"planning"},
    {"plan_record"},
    {"delivery", "review", "sandbox"},
    {"runs"},
    {"api", "doctor", "testing", "cluster"},
    {"cli"},
    {"__main__"},
]
"""From the bottom: a part imports from the layers below its own, and from within itself.

What delivery needs of a journal is declared by delivery, in `ports`, and implemented by the journal.
"""

OWNERS = {
    "click": {"cli"},
    "tqdm": {"cli"},
    "aiohttp": {f"delivery/{name}.py" for name in ("transport", "exchange", "connections", "lost_responses")}
    | {"sandbox", "cluster/metrics_server.py"},
    "yarl": {"delivery/exchange.py", "delivery/transport.py", "delivery/lost_responses.py"},
    "sqlite3": {"journal/sqlite"},
    "psycopg": {"journal/postgres"},
    "procrastinate": {"journal/postgres/jobs.py"},
    "prometheus_client": {"cluster/metrics.py"},
    "jinja2": {"messages", "review/page_file.py"},
    "openpyxl": {"sheets", "review"},
    "charset_normalizer": {"sheets"},
    "ftfy": {"recipients"},
}

MODULES = sorted(PACKAGE.rglob("*.py"))


@cache
def nodes_of(module: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(module.read_text(encoding="utf-8"))))


@cache
def imports(module: Path) -> set[str]:
    found: set[str] = set()
    for node in nodes_of(module):
        if isinstance(node, ast.Import):
            found.update(name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def layer(module: str) -> int | None:
    """The layer of a module of the package; None for any other."""
    path = module.removeprefix("campaign.").split(".") if module.startswith("campaign.") else []
    names = {".".join(path[:2]), *path[:1]}
    heights = [height for height, parts in enumerate(LAYERS) if parts & names]
    return min(heights, default=None)


def test_imports_point_one_way() -> None:
    assert len(MODULES) > 100
    for module in MODULES:
        own = ".".join(["campaign", *module.relative_to(PACKAGE).with_suffix("").parts]).removesuffix(".__init__")
        if own == "campaign":
            continue
        height = layer(own)
        assert height is not None, f"{own} has no layer"
        for imported in sorted(imports(module)):
            below = layer(imported)
            same_part = imported.split(".")[1:2] == own.split(".")[1:2]
            assert below is None or below < height or (same_part and below == height), f"{own} imports {imported}"


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


def test_modules_and_functions_are_short() -> None:
    lines = {module: len(module.read_text(encoding="utf-8").splitlines()) for module in MODULES}
    assert not {str(module.relative_to(PACKAGE)): count for module, count in lines.items() if count > 300}
    assert not [
        f"{module.relative_to(PACKAGE)}: {node.name}"
        for module in MODULES
        for node in nodes_of(module)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (node.end_lineno or 0) - node.lineno + 1 > 45
    ]


def test_the_way_of_a_row_is_short_enough_to_read() -> None:
    guide = (PACKAGE.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = re.findall(r"^\d+\. `(campaign/[^`]+)`", guide, re.MULTILINE)
    lines = [len((PACKAGE.parent / name).read_text(encoding="utf-8").splitlines()) for name in named]
    assert 5 < len(named) <= 12
    assert sum(lines) <= 1960


def test_every_path_in_the_guide_exists() -> None:
    named = re.findall(r"`(campaign/[^`]+)`", (PACKAGE.parent / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    assert len(named) > 20
    assert not [name for name in named if not (PACKAGE.parent / name).exists()]
