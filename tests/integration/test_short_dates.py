"""A date whose format follows the computer's regional settings is sent in the format of `short_date`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from openpyxl import Workbook

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.conftest import Campaign, RunningSandbox


@pytest.mark.parametrize(
    ("setting", "date"),
    [
        pytest.param("", "05/02/2026", id="default"),
        pytest.param('short_date = "d.m.yyyy"', "5.2.2026", id="as Germany writes it"),
        pytest.param('short_date = "yyyy-mm-dd"', "2026-02-05", id="as ISO 8601 writes it"),
    ],
)
def test_a_date_is_sent_in_the_format_of_short_date(
    command: Campaign, server: RunningSandbox, tmp_path: Path, setting: str, date: str
) -> None:
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(["token", "rid", "msg"])
    sheet.append(["t", "r", datetime(2026, 2, 5)])  # noqa: DTZ001 - cells have no time zone
    sheet["C2"].number_format = "mm-dd-yy"
    workbook.save(tmp_path / "list.xlsx")
    text = f'template = "livechat-text"\n[server]\nurl = "{server.url}"\n[recipients]\nfile = "list.xlsx"\n{setting}\n'
    (tmp_path / "c.toml").write_text(text, encoding="utf-8")
    assert command("run", tmp_path / "c.toml", "--yes").code == 0
    [body] = server.bodies()
    assert body["msg"] == date
