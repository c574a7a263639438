"""Texts and queries are split into words without a database."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.search.tokenizer import MAX_PHRASES, MAX_WORD_LENGTH, Phrase, matches, phrases, tokenize

_CHINESE = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Hello, World!", ["hello", "world"]),
        ("马远山", ["马远", "远山", "山"]),
        ("给Alice发3个", ["给", "alice", "发", "3", "个"]),
        ("ＡＢＣ ｶﾞ", ["abc", "ガ"]),
        ("Straße CAFÉ", ["strasse", "cafe"]),
        ("Ngày đẹp, Łódź, cœur, Ёж", ["ngay", "dep", "lodz", "coeur", "еж"]),
        ("cafe\u0301 ｃａｆｅ", ["cafe", "cafe"]),
        ("מַיִם مُحَمَّد", ["מים", "محمد"]),
        ("กิน ข้าว", ["กิ", "ิน", "น", "ข้", "้า", "าว", "ว"]),
        ("ລາວ។ខ្មែរ", ["ລາ", "າວ", "ວ", "ខ្", "្ម", "មែ", "ែរ", "រ"]),
        ("မြန်မာ", ["မြ", "ြန", "န်", "်မ", "မာ", "ာ"]),
        ("が か\u3099 각", ["が", "が", "각"]),
        ("snake_case don't", ["snake", "case", "don", "t"]),
        ("🎉 done🤖", ["🎉", "done", "🤖"]),
        ("x" * 100, ["x" * MAX_WORD_LENGTH]),
        ("葛\U000e0100城 so\u00adft", ["葛城", "城", "soft"]),
        (" \0\t.,!", []),
        ("", []),
    ],
)
def test_a_text_is_split_into_words(text: str, found: list[str]) -> None:
    assert tokenize(text) == found


@given(st.text(st.characters(max_codepoint=127)))
def test_ascii_is_split_as_it_is_beside_other_characters(text: str) -> None:
    assert tokenize(text) == tokenize(f"{text} é")[:-1]


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("hello wor", [Phrase(("hello",)), Phrase(("wor",), begins=True)]),
        ("马", [Phrase(("马",), begins=True)]),
        ("马远山", [Phrase(("马远", "远山"))]),
        ("find 马远", [Phrase(("find",)), Phrase(("马远",))]),
        ('"*:()&|', []),
    ],
)
def test_a_query_is_split_into_phrases(question: str, asked: list[Phrase]) -> None:
    assert phrases(question) == asked


def test_the_length_of_a_query_is_limited() -> None:
    assert len(phrases("a " * 100)) == MAX_PHRASES


@pytest.mark.parametrize(
    ("text", "question", "found"),
    [
        ("Good morning", "MORN good", False),
        ("Good morning", "good morn", True),
        ("Good morning", "morning good", True),
        ("Good mornings", "morning good", False),
        ("马远在南京", "远在", True),
        ("马远在南京", "京", True),
        ("马远在南京", "马在", False),
        ("马远 在", "马远在", False),
        ("ผมชอบกินข้าวผัด", "กินข้าว", True),
        ("ผมชอบกินข้าวผัด", "ข้าวกิน", False),
        ("ខ្ញុំស្រឡាញ់ភាសាខ្មែរ", "ភាសា", True),
        ("မြန်မာစကား", "စကား", True),
        ("Crème brûlée", "creme brulee", True),
        ("Creme brulee", "crème BRÛLÉE", True),
        ("ｶﾀｶﾅ", "カタ", True),
        ("学习Python语言", "python语言", True),
        ("anything", "", True),
    ],
)
def test_a_text_matches_the_phrases_of_a_query(text: str, question: str, found: bool) -> None:
    assert matches(text, phrases(question)) is found


@given(_CHINESE, st.data())
def test_every_substring_of_a_chinese_text_is_found(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    assert matches(f"Hello {text} there", phrases(text[start:end]))


@given(st.text(max_size=200))
def test_any_text_is_found_by_itself(text: str) -> None:
    assert matches(text, phrases(text))
    assert all(not set(word) & set("'\"\\ *:&|()#\0") for word in tokenize(text))
