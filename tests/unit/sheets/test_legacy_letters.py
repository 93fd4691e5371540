"""Text of TCVN3 and VNI fonts recognised by its letters."""

from __future__ import annotations

import csv

import pytest

from campaign.sheets import LetterChoice, LetterEvidence, by_letters, choices
from campaign.sheets.legacy_fonts import TCVN3, VNI
from campaign.sheets.legacy_letters import Reading, legacy_characters, may_be_legacy, reading_of, row_by_letters
from tests.unit.recipients.good_lists import LISTS


def evidence_of(*texts: str) -> LetterEvidence:
    evidence = LetterEvidence()
    evidence.add_all(texts)
    return evidence


def converted(*texts: str) -> list[str]:
    choice = evidence_of(*texts).choice()
    return [by_letters(text, choice) for text in texts]


@pytest.mark.parametrize(
    ("texts", "shown"),
    [
        pytest.param(["NguyÔn V¨n B×nh"], ["Nguyễn Văn Bình"], id="TCVN3"),
        pytest.param(
            ["TrÇn ThÞ Hång", "§µ N½ng", "TP.§N, §/c 5"], ["Trần Thị Hồng", "Đà Nẵng", "TP.ĐN, Đ/c 5"], id="more"
        ),
        pytest.param(["NGUYÔN V¡N B×NH", "Lª Hµ"], ["NGUYỄN VĂN BÌNH", "Lê Hà"], id="TCVN3 in capitals"),
        pytest.param(["ưu ®·i", "n­íc s«ng"], ["ưu đãi", "nước sông"], id="a soft hyphen is a letter"),
        pytest.param(["Nguyeãn Vaên Bình"], ["Nguyễn Văn Bình"], id="VNI"),
        pytest.param(["TRAÀN THÒ ÑAØO", "Ñöôøng Leâ Lôïi"], ["TRẦN THỊ ĐÀO", "Đường Lê Lợi"], id="VNI in capitals"),
    ],
)
def test_text_of_a_column_is_converted_by_its_letters(texts: list[str], shown: list[str]) -> None:
    assert converted(*texts) == shown


OTHERS = {
    "Vietnamese in Unicode": ["Đặng Thùy Trâm", "Hoàng Hoà", "Lê Tân", "Ô Lâm", "LÊ VĂN TÁM"],
    "German": ["Straße Müller für Jürgen Größe", "Käthe", "Maße", "ÜBER"],
    "French": ["Où est Loïc ?", "naïf Noël l’été", "FRANÇAIS", "où", "«Bonjour»", "Thaïs Anaïs", "haï"],
    "Portuguese": ["João leão ações", "1ª São Paulo", "irmã põe"],
    "Spanish": ["aún baúl Raúl", "caída país", "¿Qué?"],
    "Catalan": ["col·lecció paral·lel", "il·lusió"],
    "mojibake": ["Nguyá»…n VÄƒn", "BÃ¬nh", "TrÃ¢m"],
    "signs": ["Acme® ©2026", "3×4 ½ m² µm 10µF", "x·y", "a«b»"],
    "Danish": ["Ærø Øl Åse", "smørrebrød"],
    "ASCII": ["plain", ""],
}


@pytest.mark.parametrize("texts", [pytest.param(texts, id=name) for name, texts in OTHERS.items()])
def test_text_of_other_languages_stays_as_it_is(texts: list[str]) -> None:
    assert converted(*texts) == texts
    assert legacy_characters(texts) == ""


@pytest.mark.parametrize("language", LISTS)
def test_no_column_of_an_ordinary_list_is_taken_for_one(language: str) -> None:
    columns = zip(*csv.reader(LISTS[language]()), strict=True)
    assert {choice.characters for choice in choices([evidence_of(*column) for column in columns])} == {""}


@pytest.mark.parametrize(
    ("word", "characters", "reading"),
    [
        pytest.param("V¨n", TCVN3, Reading.SIGN, id="a symbol in a word"),
        pytest.param("TrÇn", TCVN3, Reading.SIGN, id="a capital after a small letter"),
        pytest.param("Hång", TCVN3, Reading.HINT, id="no Vietnamese word as it stands"),
        pytest.param("Tân", TCVN3, Reading.FITS, id="one both ways"),
        pytest.param("Trần", TCVN3, Reading.UNICODE, id="Unicode"),
        pytest.param("Müller", TCVN3, Reading.OTHER, id="German"),
        pytest.param("§N", TCVN3, Reading.NOTHING, id="an abbreviation"),
        pytest.param("½", TCVN3, Reading.NOTHING, id="a symbol alone"),
        pytest.param("An", VNI, Reading.NOTHING, id="ASCII"),
        pytest.param("Leâ", VNI, Reading.SIGN, id="a mark as a letter"),
        pytest.param("Hoàng", VNI, Reading.FITS, id="a pair that Unicode has too"),
        pytest.param("Loïc", VNI, Reading.HINT, id="a pair that French has too"),
    ],
)
def test_a_word_is_read(word: str, characters: str, reading: Reading) -> None:
    assert reading_of(word, characters) is reading


def test_a_column_with_both_keeps_what_can_be_read_in_both_ways() -> None:
    texts = ["Nguyễn Văn", "Lê Hà", "Phóc", "Lê", "TrÇn Lª", "V¨n", "Hång", "Müller", "Nguyễn V¨n"]
    assert converted(*texts) == ["Nguyễn Văn", "Lê Hà", "Phóc", "Lê", "Trần Lê", "Văn", "Hồng", "Müller", "Nguyễn Văn"]


def test_a_text_of_other_words_stays_and_a_word_of_other_codes_too() -> None:
    choice = LetterChoice(TCVN3)
    assert by_letters("Müller GmbH", choice) == "Müller GmbH"
    assert by_letters("V¨n à Müller", choice) == "Văn à Mỹller"
    assert by_letters("Phóc", choice) == "Phúc"


def test_one_sign_is_not_enough_and_the_same_word_twice_is_one() -> None:
    assert evidence_of("V¨n", "v¨n", "An").decided == ""
    assert evidence_of("V¨n", "B×nh").decided == TCVN3
    assert evidence_of("V¨n", "B×nh", *["Müller Straße"] * 2).decided == ""


def test_a_column_follows_the_others_of_its_list_where_it_fits() -> None:
    names, cities = evidence_of("NguyÔn V¨n B×nh"), evidence_of("Hµ Néi", "HuÕ")
    german, plain = evidence_of("Müller x¹y"), evidence_of("t1", "t2")
    assert [each.characters for each in choices([names, cities, german, plain])] == [TCVN3, TCVN3, "", ""]
    assert [each.characters for each in choices([cities, german])] == ["TCVN3", ""]


def test_the_cells_with_signs_are_told_with_their_character_sets() -> None:
    assert LetterEvidence().add_all(["An", "V¨n", "Vaên", "Trần"]) == [
        (1, frozenset({TCVN3})),
        (2, frozenset({VNI})),
    ]
    assert LetterEvidence().add_all(["An", "Trần"]) == []


def test_headers_are_decided_on_together() -> None:
    assert row_by_letters(["token", "Hä tªn", "§Þa chØ", "Müller"]) == ("token", "Họ tên", "Địa chỉ", "Müller")
    assert row_by_letters(["token", "Họ tên"]) == ("token", "Họ tên")


def test_most_text_is_known_not_to_be_legacy_at_once() -> None:
    assert not may_be_legacy("Nguyễn Văn Bình, Hoàng Thị Hòa, số 5 đường Lê Lợi; plain text")
    assert may_be_legacy("An\nV¨n")
