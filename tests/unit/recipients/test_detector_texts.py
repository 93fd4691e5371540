"""Texts of one cell that nobody meant, and those that look like them and are in good order."""

from __future__ import annotations

import unicodedata

import pytest

from campaign.recipients.detectors.mojibake import undone
from campaign.recipients.detectors.numbers import ruin_of
from campaign.recipients.detectors.placeholders import column_names, placeholders_in_cell, placeholders_in_template
from campaign.recipients.detectors.texts import NULL_WORDS, has_backslash_quotes, has_csv_apostrophe, has_lost_letters
from campaign.sheets import Column


def cases(*texts: str) -> list[object]:
    return [pytest.param(text, id=text or "blank") for text in texts]


@pytest.mark.parametrize(
    "text",
    cases(
        "Nguy?n V?n B?nh", "Nguy\ufffdn", "???", "?", "?????? ????", "??? ??? - ???", "?ng An", "Tr?n", "Lê ?ức",
        "??? Nguyen", "Иван ????", "Tr??ng", "? Nguyen", "https://x.example/\ufffd",
        "xem https://x.example/?a=b Nguy?n",
    ),
)  # fmt: skip
def test_lost_letters_are_found(text: str) -> None:
    assert has_lost_letters(text)


@pytest.mark.parametrize(
    "text",
    cases(
        "", "An", "Bạn có khỏe không?", "Really??", "Ça va ?", "How are you? Fine.", "What?! No", "a ? b",
        "https://x.example/?a=b", "see www.x.example/a?b", "http://x.example/a?b=c&d=e?f", "x.example/page?id",
        "Who? (me)",
        "index.php?q=a", "You want this one ???", "5?", "¿Qué tal?", "“Why?” he said", "Why?\nBecause.",
        "Bạn khỏe không?Gọi lại nhé",
    ),
)  # fmt: skip
def test_question_marks_that_somebody_meant_are_none(text: str) -> None:
    assert not has_lost_letters(text)


ENCODINGS = ["cp1252", "latin-1", "cp1254", "cp1258"]
NAMES = ["Nguyễn Văn Bình", "Đặng Thùy Trâm", "Zoë Müller", "café", "Łódź", "山田太郎", "สมชาย ใจดี"]


def misread(text: str, codec: str) -> str:
    characters = (bytes([byte]).decode(codec, "ignore") or chr(byte) for byte in text.encode())
    return unicodedata.normalize("NFC", "".join(characters))


@pytest.mark.parametrize("codec", ENCODINGS)
@pytest.mark.parametrize("name", NAMES)
def test_mojibake_is_found_and_what_it_would_be(name: str, codec: str) -> None:
    assert undone(misread(name, codec)) == name


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        pytest.param("Łódź", "cp1250", id="Polish in cp1250"),
        pytest.param("HÀ NỘI", "cp1252", id="capitals of Vietnamese"),
        pytest.param("20\xa0KG", "cp1252", id="a no-break space"),
        pytest.param("VIŠE KAVE, ČAJ", "cp1252", id="capitals of Croatian"),
        pytest.param("Hà", "cp1252", id="a word that ends in à"),
        pytest.param("Hà Lan", "cp1252", id="a word that ends in à before another"),
        pytest.param("Aの店", "cp1252", id="Japanese beside a Latin letter"),
        pytest.param("“quote”", "cp1252", id="punctuation alone"),
        pytest.param("Nguyễn Văn Bình", "cp1250", id="Vietnamese in cp1250"),
        pytest.param("Привет", "cp1251", id="Russian in cp1251"),
        pytest.param("Привет", "cp866", id="Russian in DOS"),
        pytest.param("Привет", "koi8-r", id="Russian in KOI8-R"),
        pytest.param("Привет", "mac_cyrillic", id="Russian on a Mac"),
        pytest.param("Nguyễn", "mac_roman", id="Vietnamese on a Mac"),
        pytest.param("Müller Zoë", "cp850", id="German in DOS"),
        pytest.param("สมชาย", "cp874", id="Thai in cp874"),
        pytest.param("שלום", "cp1255", id="Hebrew in cp1255"),
        pytest.param("محمد", "cp1256", id="Arabic in cp1256"),
    ],
)
def test_mojibake_of_other_encodings_is_found(name: str, codec: str) -> None:
    assert undone(misread(name, codec)) == name


@pytest.mark.parametrize(
    "text",
    cases(
        "", "An", "Nguyễn Văn Bình", "NGUYỄN VĂN BÌNH", "Cộng hòa Xã hội Chủ nghĩa Việt Nam", "Müller & Söhne",
        "Ça va…",
        "Créée par Aimé", "ÀÉÎÕÜ", "Spółka z o.o.", "Příliš žluťoučký kůň", "Фёдор Сёмин", "«Пётр»", "Сірко Іван", "Сё",
        "สมชาย เธอ เนย", "อินเทอร์เน็ต", "山田太郎", "محمد، علي؟", "می‌خواهم", "שלום צ׳", "Ελλάδα", "İstanbul’da",
        "Chữ “Ă” hay “Â”?", "“ĐÃ” giao", "đơn ‘MÃ’", "«COVILHû", "„AMANHÃ“", "ĐÃ\xa0GIAO", "MÃ\xa0KHÁCH HÀNG",
        "ĐÃ– XONG", "XÃ\xa012", "VERNHARÐ\xa0RÍKARÐSSON", "SIMIĆ\xa0PAVKOVIĆ", "SZABÓ\xa0BIRÓ",
        "Ó\xa0Capua-Ó\xa0Muireann",
        "Vozač\xa0šlepera", "technicien\xa0électrotechnicien", "Matyáš…", "päť™", "Baláž…", "VÍŤAZOSLAV PETROVICKÝ…",
        "ДІЯ™", "СІМ…", "„jak to zrobić”“", "Ä…Ö…",
        "20 °C – 5 €", "“XĂ” 1", "© 2026 Ü", "naïve façade", "São João", "ÆØÅ", "👋🏽 hi", "µ±½", "– Россия",
    ),
)  # fmt: skip
def test_ordinary_text_is_no_mojibake(text: str) -> None:
    assert undone(text) is None


@pytest.mark.parametrize("text", cases("'+84901", "'=r1", "'-1", "'@x", "'0901 234 567", "'00123", " '123", "'5"))
def test_an_apostrophe_that_guards_a_number_or_a_formula_is_found(text: str) -> None:
    assert has_csv_apostrophe(text)


@pytest.mark.parametrize(
    "text", cases("", "'t Hooft", "'An'", "O'Brien", "'90s kids", "'68", "'15'", "''", "d'Artagnan", "5'3", "’+8")
)
def test_an_apostrophe_before_a_letter_is_none(text: str) -> None:
    assert not has_csv_apostrophe(text)


@pytest.mark.parametrize(
    ("text", "is_csv", "found"),
    [
        pytest.param('An \\Bee\\" Tran"', True, True, id="as csv reads it"),
        pytest.param('An \\"Bee\\"', False, True, id="in a workbook"),
        pytest.param('5\\ pipe"', True, True, id="a single mark"),
        pytest.param("C:\\new", True, False, id="a lone backslash"),
        pytest.param('say "hi"', True, False, id="quotation marks"),
        pytest.param('C:\\x "y"', True, False, id="both"),
        pytest.param('5\\ pipe"', False, False, id="a single mark in a workbook"),
        pytest.param("\\N", True, False, id="a null"),
    ],
)
def test_quotation_marks_after_backslashes_are_found(text: str, is_csv: bool, found: bool) -> None:  # noqa: FBT001
    assert has_backslash_quotes(text, is_csv=is_csv) is found


def test_words_for_nothing_are_known() -> None:
    assert {"NULL", "nan", "None", "\\N", "undefined", "NaN", "null"} <= NULL_WORDS
    assert not {"", "none", "N/A", "-", "Nanette", "nil", "Nothing", "no"} & NULL_WORDS


@pytest.mark.parametrize(
    ("value", "text", "code", "is_id", "ruin"),
    [
        pytest.param(8.490123456789012e18, "8.49012E+18", "General", True, "is in scientific notation", id="an id"),
        pytest.param(123456789012, "1.23457E+11", "General", False, "is in scientific notation", id="an order"),
        pytest.param(1.5e-7, "1.5E-07", "General", False, "", id="a measurement"),
        pytest.param(123456, "1.23E+05", "0.00E+00", False, "", id="a format that is meant so"),
        pytest.param(123456, "1.23E+05", "0.00E+00", True, "is in scientific notation", id="an id in such a format"),
        pytest.param(
            8490123456789010000, "8490123456789010000", "0", True,
            "has 19 digits, of which Excel keeps 15", id="19 digits",
        ),
        pytest.param(1234567890123456, "1234567890123456", "0", True, "", id="16 digits that are whole"),
        pytest.param(123456789012345, "123456789012345", "0", True, "", id="15 digits"),
        pytest.param(1e16, "10,000,000,000,000,000", "#,##0", False, "", id="an amount"),
        pytest.param("8490123456789010000", "8490123456789010000", "@", True, "", id="digits as text"),
        pytest.param("8.49012E+18", "8.49012E+18", "", True, "", id="a text"),
        pytest.param(True, "TRUE", "General", True, "", id="a truth value"),
    ],
)  # fmt: skip
def test_a_number_that_is_no_id_any_more_is_found(
    value: float | str,
    text: str,
    code: str,
    is_id: bool,  # noqa: FBT001 - a table
    ruin: str,
) -> None:
    assert ruin_of(value, text, code, is_id=is_id) == ruin


COLUMNS = (Column(0, "A", "token"), Column(1, "B", "Họ và tên"), Column(2, "C", "ชื่อ"))
NAMES_OF_COLUMNS = column_names(COLUMNS)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("Hi {ho_va_ten}", ("{ho_va_ten}",), id="braces"),
        pytest.param("Hi {Họ và tên}!", ("{Họ và tên}",), id="a header"),
        pytest.param(
            "Hi [token], <<token>> %token% ${token}", ("[token]", "<<token>>", "%token%", "${token}"), id="forms"
        ),
        pytest.param("«Token» *|TOKEN|*", ("«Token»", "*|TOKEN|*"), id="other programs"),
        pytest.param("Hi {ชื่อ}", ("{ชื่อ}",), id="a header in another script"),
        pytest.param("Hi {other} [x] 5% a 6%", (), id="no columns"),
        pytest.param("{{ token }} {{{token}}}", ("{{ token }}", "{{{token}}}"), id="the braces of a template"),
        pytest.param('{{ other }} {{ token | upper }} {"token": 1}', (), id="other braces"),
    ],
)
def test_a_placeholder_in_a_cell_counts_where_it_is_a_column(text: str, found: tuple[str, ...]) -> None:
    assert placeholders_in_cell(text, NAMES_OF_COLUMNS) == found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        pytest.param("Hello {name}, order {{ order }}", ("{name}",), id="one brace"),
        pytest.param("Hello { name }}", ("{ name }}",), id="a brace too few"),
        pytest.param("{{1}}", ("{{1}}",), id="the number of a variable"),
        pytest.param("Hello {anything}", ("{anything}",), id="any name in braces"),
        pytest.param("Hello [name] [first_name] <<x>> %y%", ("[name]", "[first_name]", "<<x>>", "%y%"), id="forms"),
        pytest.param("Hello [token] and [Họ và tên]", ("[token]", "[Họ và tên]"), id="columns"),
        pytest.param("[Acme] Hello {{ name }}, 5% off, 10% more [1]", (), id="texts of people"),
        pytest.param('{% if a == "[x]" %}«Bonjour»{% endif %}{# {name} #}', (), id="Jinja"),
        pytest.param("[token](https://x.example) {{ name }}", (), id="a link in Markdown"),
        pytest.param("https://x.example/%C3%A1%20b {{ a['b'] }}", (), id="a web address"),
    ],
)
def test_a_placeholder_in_a_template_counts_where_it_looks_like_one(source: str, found: tuple[str, ...]) -> None:
    assert tuple(placeholders_in_template(source, NAMES_OF_COLUMNS)) == found
