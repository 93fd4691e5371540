"""The measured lists: eight columns of text and numbers, the same in a workbook and in a CSV file.

`python -m tests.benchmarks.lists FILE ROWS` makes one in its own process, to keep the memory of the benchmarks small.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks.workbook import write_workbook

HEADERS = ("Token", "Rid", "Name", "Ward", "Order", "Total", "Delivery", "Points")

_TEXT = """Xin chào {{ name }} ({{ ward }}),
đơn hàng {{ order }} sẽ được giao ngày {{ delivery }}. Tổng cộng: {{ total }}. Điểm của bạn: {{ points }}."""

_LIVECHAT = '''channel = "livechat"

[payload]
token = "%s"
rid = "%s"
msg = """
%s"""
'''

_KITECHAT = '''channel = "kitechat"

[payload]
pageId = "2"
conversationId = "{{ rid }}"
message = { type = "text", text = """
%s""" }
'''

TEMPLATES = {
    "livechat": _LIVECHAT % ("{{ token }}", "{{ rid }}", _TEXT),
    "one destination": _LIVECHAT % ("t" * 17, "r" * 17, _TEXT),
    "kitechat": _KITECHAT % _TEXT,
}
"""The templates that are measured; their messages are the same."""

_SURNAMES = ("Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Hoàng", "Phan", "Vũ", "Võ", "Đặng", "Bùi", "Đỗ", "Hồ")
_MIDDLES = ("Văn", "Thị", "Hữu", "Đức", "Minh", "Ngọc", "Thanh", "Quang", "Xuân", "Thu", "Gia", "Khánh")
_NAMES = ("An", "Bình", "Châu", "Dũng", "Giang", "Hà", "Hải", "Hạnh", "Hiếu", "Hoa", "Hùng", "Hương", "Khôi")
_WARDS = tuple(f"Phường {number}, Quận {number % 12 + 1}" for number in range(1, 60))
_EPOCH = date(1899, 12, 30)  # what Excel's day numbers count from, after February 1900
_FIRST_DAY = date(2026, 1, 5)


class Recipient(NamedTuple):
    """One row, as a workbook stores it."""

    token: str
    rid: str
    name: str
    ward: str
    order: int
    total: int
    delivery: int
    points: float


def recipients(count: int) -> Iterator[Recipient]:
    """Yield the first `count` rows of the list: the same at every call, each with its own conversation."""
    first_day = (_FIRST_DAY - _EPOCH).days
    for number in range(count):
        digits = blake2b(b"%d" % number, digest_size=17).hexdigest()
        name = (_SURNAMES[number % 13], _MIDDLES[number // 13 % 12], _NAMES[number // 156 % 13])
        yield Recipient(
            token=digits[:17],
            rid=digits[17:],
            name=" ".join(name),
            ward=_WARDS[number % len(_WARDS)],
            order=number * 7 + 13,
            total=(number * 37 % 9_000 + 50) * 1_000,
            delivery=first_day + number % 365,
            points=number % 2_000 / 2,
        )


def shown(recipient: Recipient) -> tuple[str, ...]:
    """A row as a spreadsheet program shows it, and saves it as CSV."""
    day = _EPOCH + timedelta(days=recipient.delivery)
    return (
        *recipient[:4],
        f"{recipient.order:07}",
        f"{recipient.total:,} đ",
        f"{day:%d/%m/%Y}",
        f"{recipient.points:g}",
    )


def write_csv(path: Path, count: int) -> None:
    """Write a list as comma-separated text."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADERS)
        writer.writerows(map(shown, recipients(count)))


def write_campaign(recipients_file: Path, server: str, kind: str = "livechat") -> Path:
    """Write a campaign file and its template, one of `TEMPLATES`, next to their list."""
    (recipients_file.parent / "template.toml").write_text(TEMPLATES[kind], encoding="utf-8")
    campaign = recipients_file.with_suffix(".toml")
    campaign.write_text(
        f'template = "template.toml"\n[recipients]\nfile = "{recipients_file.name}"\n[server]\nurl = "{server}"\n',
        encoding="utf-8",
    )
    return campaign


def main(path: Path, count: int) -> None:
    """Write a list in the format of the file's suffix."""
    if path.suffix == ".xlsx":
        write_workbook(path, HEADERS, recipients(count))
    else:
        write_csv(path, count)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
