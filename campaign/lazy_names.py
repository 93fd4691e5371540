"""Names of a package that are loaded when they are first used, because many commands need only a few of them."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def loading(package: str, modules: Mapping[str, Sequence[str]]) -> Callable[[str], object]:
    """Return the `__getattr__` of a package (PEP 562).

    Args:
        package: its name.
        modules: the names that it offers, by the module that has them.
    """

    def load(name: str) -> object:
        for module, names in modules.items():
            if name in names:
                value = getattr(importlib.import_module(module), name)
                setattr(sys.modules[package], name, value)
                return value
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return load
