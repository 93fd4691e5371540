"""The reference has what the code has: each option, key, code and column, and none that the code has not."""

from __future__ import annotations

import ast
import dataclasses
import re
import sqlite3
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import get_args, get_origin

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

import campaign
from campaign.cli import exit_codes
from campaign.config import Campaign, Section
from campaign.errors import CampaignError
from campaign.finding_kinds import KINDS, Severity
from campaign.journal.sqlite.schema import APPLICATION_ID
from campaign.refusals import RefusedPlanError
from campaign.review.export import CSV_FIELDS
from campaign.sandbox.faults import Fault, FaultPlan
from tests.docs.commands import NAMES, command, options_of
from tests.docs.markdown import ROOT, blocks, codes, headings, page, section, table
from tests.docs.shapes import ExportedRow

PACKAGE = ROOT / "campaign"


# Commands and options


def test_the_table_of_commands_has_every_command() -> None:
    rows = table(page("reference/commands.md"), "command", "does")
    assert list(dict.fromkeys(codes(row[0])[0].split()[1] for row in rows)) == list(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_table_of_options_has_exactly_the_options_of_a_command(name: str) -> None:
    rows = table(page("reference/commands.md"), "option", "of", "meaning")
    listed = {
        word
        for cell, commands, _ in rows
        if name in commands.split(", ")
        for code in codes(cell)
        for word in re.findall(r"^--?[a-z-]+", code)
    }
    assert listed == options_of(name)


@pytest.mark.parametrize("name", NAMES)
def test_every_help_text_has_an_example(name: str) -> None:
    assert f"campaign {name}" in (command(name).help or "")


def test_every_exit_code_is_described() -> None:
    listed = [int(row[0]) for row in table(page("reference/exit-codes.md"), "code", "meaning")]
    assert listed == sorted(value for value in vars(exit_codes).values() if type(value) is int)


# The campaign file


def sections() -> Iterator[tuple[str, type[BaseModel]]]:
    """Every section of the campaign file that has keys of its own, as a heading writes it."""
    for name, field in Campaign.model_fields.items():
        kinds = [each for each in (field.annotation, *get_args(field.annotation)) if isinstance(each, type)]
        found = next((each for each in kinds if issubclass(each, Section)), None)
        if found is not None:
            yield f"[[{name}]]" if get_origin(field.annotation) is tuple else f"[{name}]", found


SECTIONS = dict(sections())
HEADERS = ("key", "value", "default", "meaning")
OWN_TABLES = {"columns", "values"}
"""Sections whose keys are the reader's own."""


def test_every_section_of_the_campaign_file_has_its_heading_and_nothing_else_has() -> None:
    found = headings(page("reference/campaign-file.md"))
    assert {each for each in found if each.startswith("[")} == {*SECTIONS, "[columns] and [values]"}


def test_the_keys_of_the_file_itself_are_described() -> None:
    rows = table(section(page("reference/campaign-file.md"), "Keys of the file itself"), *HEADERS)
    own = {codes(row[0])[0] for row in rows}
    names = {name.strip("[]") for name in SECTIONS}
    assert own == set(Campaign.model_fields) - names - OWN_TABLES - {"folder", "file"}


@pytest.mark.parametrize("name", SECTIONS)
def test_every_key_of_a_section_is_described_with_its_default(name: str) -> None:
    rows = table(section(page("reference/campaign-file.md"), name), *HEADERS)
    model = SECTIONS[name]
    assert [codes(row[0])[0] for row in rows] == list(model.model_fields)
    for key, _, default, _ in rows:
        field = model.model_fields[codes(key)[0]]
        assert (default == "required") == field.is_required(), key
        if codes(default):
            required = {each: "x" if each == "file" else 1 for each in model.model_fields if is_required(model, each)}
            given = model.model_validate({**required, codes(key)[0]: value_of(codes(default)[0])})
            assert getattr(given, codes(key)[0]) == field.get_default(call_default_factory=True), key


def is_required(model: type[BaseModel], key: str) -> bool:
    return model.model_fields[key].get_default() is PydanticUndefined


def value_of(text: str) -> object:
    return tomllib.loads(f"value = {text}")["value"]


@pytest.mark.parametrize("name", SECTIONS)
def test_every_value_that_is_shown_for_a_key_is_one(name: str) -> None:
    for key, shown, _, _ in table(section(page("reference/campaign-file.md"), name), *HEADERS):
        for text in codes(shown):
            model = SECTIONS[name]
            required = {each: "x" if each == "file" else 1 for each in model.model_fields if is_required(model, each)}
            model.model_validate({**required, codes(key)[0]: value_of(text)})


def test_the_campaign_file_that_is_shown_has_every_key(tmp_path: Path) -> None:
    text = next(block.text for block in blocks(page("reference/campaign-file.md")) if block.language == "toml")
    whole = re.sub(r"^# (?=\w+ = |\[)", "", text, flags=re.MULTILINE)
    shown = tomllib.loads(whole)
    for name, model in SECTIONS.items():
        given = shown[name.strip("[]")]
        given = given[0] if isinstance(given, list) else given
        assert set(given) <= set(model.model_fields), name
    for file in ("customers.xlsx", "stop.xlsx"):
        (tmp_path / file).touch()
    (tmp_path / "tet-offer.toml").write_text(text, encoding="utf-8")
    assert campaign.load(tmp_path / "tet-offer.toml").name == "tet-offer"


# Findings


@pytest.mark.parametrize(
    ("name", "stops", "notes"),
    [
        pytest.param("reference/findings.md", "**Stops.**", "**Note.**", id="English"),
        pytest.param("vi/canh-bao.md", "**Dừng.**", "**Lưu ý.**", id="Vietnamese"),
    ],
)
def test_every_finding_is_described_with_its_severity_and_remedy(name: str, stops: str, notes: str) -> None:
    text = page(name)
    assert headings(text) == list(KINDS)
    for code, kind in KINDS.items():
        about = section(text, code)
        assert about.strip().startswith(stops if kind.severity is Severity.STOP else notes), code
        assert about.count("\n**") == 2, code
        named = re.findall(r"--[a-z-]+|[a-z_]+(?= = )", kind.fix)
        assert not [each for each in named if each not in about], code


# Errors


def subclasses(kind: type[CampaignError]) -> Iterator[type[CampaignError]]:
    for each in kind.__subclasses__():
        yield each
        yield from subclasses(each)


def test_every_error_is_described_by_its_code_and_class() -> None:
    assert issubclass(RefusedPlanError, CampaignError)  # and so its module is loaded
    listed = [
        tuple(codes(row[0]))
        for row in table(page("reference/errors.md"), "code and class", "what is wrong", "what to do")
    ]
    own = {each for each in subclasses(CampaignError) if each.__module__.startswith("campaign.")}
    assert sorted(listed) == sorted((each.code, each.__name__) for each in own)


def test_every_code_of_a_problem_is_described() -> None:
    text = page("reference/errors.md")
    rows = [
        *table(text, "code and class", "what is wrong", "what to do"),
        *table(text, "code", "what is wrong", "what to do"),
        *table(text, "code", "what it says"),
    ]
    listed = [codes(row[0])[0] for row in rows]
    assert len(listed) == len(set(listed))
    errors = {each.code for each in subclasses(CampaignError)}
    assert set(listed) - errors == set(problem_codes()) - errors


def problem_codes() -> Iterator[str]:
    """The codes that problems get where they are made."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in PACKAGE.rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    constants = {
        target.id: node.value.value
        for node in nodes
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Problem":
            for given in [*node.args[3:4], *(each.value for each in node.keywords if each.arg == "code")]:
                if isinstance(given, ast.Constant):
                    yield str(given.value)
                elif isinstance(given, ast.Name):
                    yield constants[given.id]


# Files and forms


def test_every_table_and_column_of_the_journal_is_described(tmp_path: Path) -> None:
    with campaign.open_journal(tmp_path / "c.journal.db"):
        pass
    text = page("explanation/journal.md")
    described = re.split(r"^### ", text.split("## How it knows")[0], flags=re.MULTILINE)[1:]
    sections = {each.split("\n", 1)[0]: each for each in described}
    connection = sqlite3.connect(tmp_path / "c.journal.db")
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    assert sorted(sections) == sorted(tables)
    for name in tables:
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({name})")]
        assert not [column for column in columns if f"`{column}`" not in sections[name]], name
    connection.close()
    assert str(APPLICATION_ID) in text


def test_every_field_of_an_exported_row_is_described() -> None:
    listed = [codes(row[0])[0] for row in table(page("reference/results.md"), "field", "content")]
    assert listed == list(ExportedRow.model_fields)
    assert set(CSV_FIELDS) - set(listed) == {"attempt_count"}
    assert "`attempt_count`" in page("reference/results.md")


def test_every_shipped_template_is_described() -> None:
    listed = [codes(row[0])[0] for row in table(page("reference/templates.md"), "name", "message", "variables")]
    assert sorted(listed) == sorted(path.stem for path in (ROOT / "templates").iterdir())


def test_every_fault_of_the_sandbox_is_described() -> None:
    text = page("how-to/lost-response.md")
    for fault in Fault:
        name, _, _ = fault.value.rpartition("-")
        assert f"`{fault.value}`" in text or f"`{name}`" in text, fault
    for field in dataclasses.fields(FaultPlan):
        assert f"| `{field.name}` |" in text, field.name
