"""Whole campaigns to mutate: the samples, the starters, and handmade ones that cover many features."""

from __future__ import annotations

import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

from campaign.channels import CHANNELS, Channel
from campaign.messages import shipped_templates
from campaign.starter import make_starter
from tests.unit.sheets import books
from tests.unit.sheets.books import row, text

SAMPLES = Path(__file__).parents[2] / "samples"


@dataclass(frozen=True, slots=True)
class Case:
    """The files of a campaign, by their names in its folder, and the arguments of `check`."""

    files: dict[str, bytes]
    arguments: tuple[str, ...]


def seeds() -> list[Case]:
    """Campaigns with no problems, or few."""
    return [*_samples(), *map(_starter, CHANNELS.values()), _mistakes(), _workbook(), _csv(), *map(_text, TEXTS)]


def _samples() -> list[Case]:
    cases = []
    for path in sorted(SAMPLES.glob("*.toml")):
        said = tomllib.loads(path.read_text(encoding="utf-8"))
        lists = [section["file"] for section in said.get("suppress", ())]
        named = (path.name, said["recipients"]["file"], said["template"], *lists)
        files = {name: (SAMPLES / name).read_bytes() for name in named if (SAMPLES / name).is_file()}
        cases.append(Case(files, (path.name,)))
    return cases


def _starter(channel: Channel) -> Case:
    with tempfile.TemporaryDirectory() as folder:
        files = {path.name: path.read_bytes() for path in make_starter(Path(folder) / channel.name, channel)}
    return Case(files, ("campaign.toml",))


def _mistakes() -> Case:
    files = {"list.csv": (SAMPLES / "with-mistakes.csv").read_bytes()}
    mapped = ("--map", "msg=Message", "--map", "agent_id=Agent id", "--map", "agent_username=Agent username")
    options = ("--template", "livechat-text-agent", "--server", "https://chat.example.com")
    return Case(files, ("list.csv", *options, *mapped))


CAMPAIGN = """name = "by-hand"
template = "message.{kind}"
[recipients]
file = "{list}"
header_row = 2
short_date = "d/m/yyyy"
[columns]
rid = "Mã phòng"
[values]
sign = 'Trân trọng — {{{{ not run }}}}'
[server]
url = "https://chat.example.com/base"
[throttle]
rate = "600/min"
concurrency = 4
[delivery]
timeout = "30s"
give_up_after = "10min"
on_doubt = "retry"
stop_after_refusals = 5
"""
MESSAGE = r"""{
  "channel": "livechat",
  "payload": {
    "token": "{{ token }}",
    "rid": "{{ rid }}",
    "msg": "{% if ten %}Chào {{ ten | default('bạn') }} 😀{% endif %}\n{{ raw['Số tiền'] | number('#,##0 \"đ\"') }} {{ raw['Ngày'] | date('%d/%m/%Y') }}\n{% for word in row['Ghi chú'].split() %}{{ loop.index }}. {{ word | upper }} {% endfor %}{{ sign }}",
    "agent": {"agentId": "{{ nv | default('') }}", "username": "{{ nv | default('') }}"}
  }
}
"""  # noqa: E501 - JSON has no way to break a string
HEADERS = ("Token", "Mã phòng", "Tên", "Số tiền", "Ngày", "Ghi chú", "NV")


def _workbook() -> Case:
    """Shared, rich and inline strings, formulas, errors, booleans, dates, merged and hidden cells, odd formats."""
    formats = ('#,##0 "đ"', "dd/mm/yyyy", "[h]:mm:ss", "0000000000", "# ?/?", '[Red]-0.0E+00;;"x"@', "[$-F800]dddd")
    rows = [row(1, text("A1", "Khách hàng"), text("C1", "tháng 1"))]
    rows.append(row(2, *(text(f"{letter}2", header) for letter, header in zip("ABCDEFG", HEADERS, strict=True))))
    rows += [_row(number) for number in range(3, 12)]
    before = '<dimension ref="A1:C4"/><cols><col min="2" max="3" hidden="1"/></cols>'
    after = '<autoFilter ref="A2:G11"/><mergeCells count="1"><mergeCell ref="A1:B1"/></mergeCells>'
    workbook = books.workbook_xml(properties='<workbookPr date1904="1"/>')
    strings = books.strings_xml("An", "_x000D_ Bình\n", "😀").replace("</sst>", RICH + "</sst>")
    parts = books.parts(
        books.sheet_xml(*rows, before=before, after=after),
        strings=strings,
        styles=books.styles_xml(*formats),
        workbook=workbook,
    )
    with tempfile.TemporaryDirectory() as folder:
        content = books.save(Path(folder) / "list.xlsx", parts).read_bytes()
    said = CAMPAIGN.format(kind="json", list="list.xlsx").encode()
    return Case({"campaign.toml": said, "message.json": MESSAGE.encode(), "list.xlsx": content}, ("campaign.toml",))


def _csv() -> Case:
    """A text file whose encoding and delimiter are set in the campaign file."""
    lines = ["Danh sách tháng 1", ";".join(HEADERS), *(f"t{n};r{n};Bình;{n}000;2026-01-0{n};a b;" for n in range(1, 9))]
    said = CAMPAIGN.format(kind="json", list="list.csv").replace("short_date =", 'encoding = "utf-16"\ndelimiter =')
    files = {
        "campaign.toml": said.replace('"d/m/yyyy"', '";"').encode(),
        "message.json": MESSAGE.encode(),
        "list.csv": "\n".join(lines).encode("utf-16"),
    }
    return Case(files, ("campaign.toml",))


RICH = '<si><r><rPr><b/></rPr><t xml:space="preserve">in </t></r><r><t>parts</t></r><rPh sb="0"><t>hint</t></rPh></si>'


def _row(number: int) -> str:
    cells = (
        f'<c r="A{number}" t="str"><f>"t"&amp;1</f><v>t{number}</v></c>',
        f'<c r="B{number}" s="4"><v>{number * 7919}</v></c>',
        f'<c r="C{number}" t="s"><v>{number % 4}</v></c>',
        f'<c r="D{number}" s="{number % 8}"><v>{number * 1234.5}</v></c>',
        f'<c r="E{number}" s="2"><v>{46000 + number / 7}</v></c>',
        f'<c r="F{number}" t="b"><v>1</v></c>' if number % 2 else text(f"F{number}", "giao hàng nhanh"),
        f'<c r="G{number}" t="e"><f>NA()</f><v>#N/A</v></c>' if number == 5 else f'<c r="G{number}" s="1"/>',
    )
    return row(number, *cells, attributes='hidden="1"' if number == 9 else "")


TEXTS = (
    ("kitechat-template", "utf-8-sig", ","),
    ("kitechat-cards", "utf-16", "\t"),
    ("kitechat-image", "cp1258", ";"),
    ("livechat-text-agent", "cp1252", "|"),
)
FIELDS = {
    "page_id": "108600123",
    "conversation_id": "0700100200",
    "token": "t",
    "rid": "r",
    "msg": 'said "yes",\nand more',
    "body": "Xin chao; a, b",
    "text": "déjà vu",
    "url": "https://example.com/a.png?b=c&d=e",
    "agent_id": "a1",
    "agent_username": "jane",
    "header_text": "Offer",
    "button_1_text": "Buy",
    "button_1_url": "https://example.com/buy",
    "button_2_text": "Ask",
    "button_2_payload": "ASK",
    "card_1_body": "One",
    "card_1_image": "https://example.com/1.png",
    "card_2_body": "Two",
}


def _text(said: tuple[str, str, str]) -> Case:
    """A copy of a shipped template, with a list in one of the encodings that occur in practice."""
    name, encoding, delimiter = said
    quoted = ['"' + value.replace('"', '""') + '"' for value in FIELDS.values()]
    lines = [delimiter.join(FIELDS), *[delimiter.join(quoted)] * 4]
    options = ("--template", "message.toml", "--server", "https://chat.example.com")
    files = {"message.toml": shipped_templates()[name].read_bytes(), "list.csv": "\r\n".join(lines).encode(encoding)}
    return Case(files, ("list.csv", *options))
