"""Syllables of Vietnamese, and words that are none."""

from __future__ import annotations

import unicodedata

import pytest

from campaign.sheets.vietnamese import is_syllable
from tests.unit.recipients.good_lists import LISTS

SYLLABLES = """
    nguyễn văn bình trần thị đào phú yên đường lê lợi quỳnh kỹ gì giếng giang quốc quyền khuya thuở người hươu rượu
    nghiêng phượng ý yến oanh uyên huỳnh bùi ngọc khách hàng đơn số xoong thuế quý ích ách mỹ ở à ơi
"""
NONE = """
    mỹller fỹr cafộ josộ straòe jữrgen ảả nguyễnvăn sac hôp bách́ wang zoe fan j x q
"""


@pytest.mark.parametrize("word", SYLLABLES.split())
def test_a_syllable_is_one_however_it_is_composed(word: str) -> None:
    assert is_syllable(word)
    assert is_syllable(unicodedata.normalize("NFD", word))


@pytest.mark.parametrize("word", NONE.split())
def test_another_word_is_none(word: str) -> None:
    assert not is_syllable(word)


def test_the_words_of_a_vietnamese_list_are_syllables() -> None:
    words = {
        word for line in LISTS["Vietnamese"]()[1:] for cell in line.split(",")[2:4] for word in cell.lower().split()
    }
    letters = [word for word in words if not word.isascii() and word.isalpha()]
    assert len(letters) > 20
    assert [word for word in letters if not is_syllable(word)] == []
