"""The files for the public host are valid, and agree with the project."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
HOST = ROOT / ".github"
FILES = sorted(HOST.rglob("*.yml"))
FORMS = sorted(HOST.glob("ISSUE_TEMPLATE/[!c]*.yml"))
FIELDS = {"markdown", "textarea", "input", "dropdown", "checkboxes"}
"""The kinds of elements that a form may have (docs.github.com, "Syntax for GitHub's form schema")."""

ON_HOST = pytest.mark.skipif(not HOST.is_dir(), reason="a source distribution has no files for the host")


def project() -> dict[str, Any]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        found: dict[str, Any] = tomllib.load(file)["project"]
    return found


def parsed(path: Path) -> Any:  # noqa: ANN401 - whatever it holds
    yaml = pytest.importorskip("yaml", reason="no YAML library is installed")
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@ON_HOST
def test_there_are_a_workflow_updates_and_forms() -> None:
    names = {path.relative_to(HOST).as_posix() for path in FILES}
    assert {"workflows/ci.yml", "dependabot.yml", "ISSUE_TEMPLATE/config.yml"} < names
    assert len(FORMS) == 2


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_is_valid(path: Path) -> None:
    assert "\t" not in path.read_text(encoding="utf-8")
    assert isinstance(parsed(path), dict)


@ON_HOST
def test_the_tests_run_on_each_system_and_each_version_that_the_package_names() -> None:
    text = (HOST / "workflows" / "ci.yml").read_text(encoding="utf-8")
    versions = [found for each in project()["classifiers"] if (found := re.search(r":: (3\.\d+)$", each))]
    listed = re.search(r"python: \[(.*)\]", text)
    assert listed is not None
    assert listed[1] == ", ".join(f'"{found[1]}"' for found in versions)
    assert "os: [ubuntu-latest, windows-latest, macos-latest]" in text
    assert project()["requires-python"] == f">={versions[0][1]}"


@ON_HOST
def test_the_workflow_may_only_read_and_every_job_ends() -> None:
    found = parsed(HOST / "workflows" / "ci.yml")
    assert found["permissions"] == {"contents": "read"}
    assert all("timeout-minutes" in job and "permissions" not in job for job in found["jobs"].values())
    steps = [step for job in found["jobs"].values() for step in job["steps"]]
    assert all(set(step) <= {"uses", "with", "run", "env"} for step in steps)
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"]) for step in steps if "uses" in step)
    assert "secrets." not in (HOST / "workflows" / "ci.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.name)
def test_a_form_has_what_the_host_wants(path: Path) -> None:
    form = parsed(path)
    assert {"name", "description", "body"} <= set(form)
    fields = [field for field in form["body"] if field["type"] != "markdown"]
    assert {field["type"] for field in form["body"]} <= FIELDS
    assert len({field["id"] for field in fields}) == len(fields)
    assert all(field["attributes"]["label"] for field in fields)


@ON_HOST
def test_the_form_for_mistakes_asks_for_the_output_of_check_and_doctor() -> None:
    text = (HOST / "ISSUE_TEMPLATE" / "bug_report.yml").read_text(encoding="utf-8")
    assert "campaign check FILE --json" in text
    assert "campaign doctor FILE --json" in text


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.name)
def test_no_form_asks_for_a_key(path: Path) -> None:
    """A key, a token or a journal is only named where it is to be left out."""
    sentences = re.split(r"(?<=[.:])\s+|\n\s*- ", path.read_text(encoding="utf-8"))
    named = [each for each in sentences if re.search(r"\b(API keys?|keys?|tokens?|journal)\b(?! of)", each)]
    kept = re.compile(r"Leave out|no API key|no key|Never|no issue|folder, journal, proxy")
    assert [each for each in named if not kept.search(each)] == []


KINDS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]


def test_the_changelog_has_the_form_of_keep_a_changelog_and_the_version_of_the_package() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    first, *released = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert first == "[Unreleased]"
    assert released
    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", each) for each in released)
    assert released[0].startswith(f"[{project()['version']}] ")
    for version in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        kinds = re.findall(r"^### (.*)$", version, re.MULTILINE)
        assert kinds == [kind for kind in KINDS if kind in kinds]


def test_every_page_that_these_files_link_to_is_there() -> None:
    for name in (
        "CHANGELOG.md",
        "SECURITY.md",
        "CONTRIBUTING.md",
        "docs/reference/stability.md",
        "docs/explanation/privacy.md",
        "docs/how-to/doctor.md",
    ):
        text = (ROOT / name).read_text(encoding="utf-8")
        links = [link for link in re.findall(r"\]\(([^)#]+)", text) if "://" not in link]
        assert [link for link in links if not ((ROOT / name).parent / link).exists()] == [], name
