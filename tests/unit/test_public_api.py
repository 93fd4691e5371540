from __future__ import annotations

import ast
from pathlib import Path

import pytest

import campaign


@pytest.mark.parametrize("name", campaign.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(campaign, name).__module__.startswith("campaign.")


def test_what_type_checkers_see_is_what_there_is() -> None:
    tree = ast.parse(Path(campaign.__file__).read_text(encoding="utf-8"))
    seen = {
        name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("campaign.")
        for name in node.names
    }
    assert sorted(seen) == campaign.__all__


def test_another_name_is_not_there() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'mail'"):
        campaign.mail  # noqa: B018 - the access is what is tested
