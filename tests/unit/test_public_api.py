from __future__ import annotations

import ast
from pathlib import Path
from types import ModuleType

import pytest

import campaign
from campaign import delivery, runs


@pytest.mark.parametrize("name", campaign.__all__)
def test_every_public_name_exists(name: str) -> None:
    assert getattr(campaign, name).__module__.startswith("campaign.")


def test_type_checkers_see_the_public_names() -> None:
    tree = ast.parse(Path(campaign.__file__).read_text(encoding="utf-8"))
    (types,) = (node for node in tree.body if isinstance(node, ast.If))
    seen = {
        name.name
        for node in ast.walk(types)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("campaign.")
        for name in node.names
    }
    assert sorted(seen) == campaign.__all__


def test_an_unknown_name_raises_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'mail'"):
        campaign.mail  # noqa: B018 - the access is what is tested


@pytest.mark.parametrize("package", [delivery, runs], ids=["delivery", "runs"])
def test_a_package_whose_names_are_loaded_late_has_them_all_and_no_other(package: ModuleType) -> None:
    assert all(getattr(package, name).__module__.startswith(package.__name__) for name in package.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'mail'"):
        package.mail  # noqa: B018
