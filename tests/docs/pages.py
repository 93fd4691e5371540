"""Every page that is made from the code, by its path in docs/."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.docs.api_page import api_page
from tests.docs.help_page import help_page
from tests.docs.json_page import json_page, schema_file
from tests.docs.options_table import NAME as COMMANDS_PAGE
from tests.docs.options_table import commands_page
from tests.docs.shapes import OUTPUTS

DOCS = Path(__file__).parents[2] / "docs"

PAGES: Mapping[str, Callable[[], str]] = {
    COMMANDS_PAGE: commands_page,
    "reference/help.md": help_page,
    "reference/json.md": json_page,
    "reference/api.md": api_page,
    **{f"schemas/{output.name}.schema.json": functools.partial(schema_file, output) for output in OUTPUTS},
}
