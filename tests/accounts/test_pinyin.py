"""Chinese names have pinyin, and other names do not load the dictionary."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.names import NAME_KEY_MAX_LENGTH, USER_NAME_MAX_LENGTH
from accounts.pinyin import normalize_query, pinyin_and_initials


@pytest.mark.parametrize(
    ("name", "pinyin", "initials"),
    [
        ("马远", "mayuan", "my"),
        ("馬遠", "mayuan", "my"),
        ("欧阳修", "ouyangxiu", "oyx"),
        ("吕布", "lvbu", "lb"),
        ("小明 Tom", "xiaomingtom", "xmt"),
        ("ＴＯＭ马", "tomma", "tm"),
        ("马-远 🙂", "mayuan", "my"),
    ],
)
def test_a_chinese_name_has_pinyin(name: str, pinyin: str, initials: str) -> None:
    assert pinyin_and_initials(name) == (pinyin, initials)


@pytest.mark.parametrize(
    ("name", "pinyin"),
    [
        ("单雄信", "shanxiongxin"),
        ("曾国藩", "zengguofan"),
        ("解缙", "xiejin"),
        ("长孙无忌", "zhangsunwuji"),
        ("尉迟恭", "yuchigong"),
    ],
)
def test_a_surname_has_its_surname_reading(name: str, pinyin: str) -> None:
    assert pinyin_and_initials(name)[0] == pinyin


def test_the_same_character_elsewhere_has_its_usual_reading() -> None:
    assert pinyin_and_initials("很简单")[0].endswith("dan")
    assert pinyin_and_initials("单车Tom")[0].startswith("dan")


@pytest.mark.parametrize("name", ["Alice", "", "🙂", "ひらがな", "홍길동", "Ёлка"])
def test_other_names_have_no_pinyin(name: str) -> None:
    assert pinyin_and_initials(name) == ("", "")


@pytest.mark.parametrize("text", ["lvbu", "LVBU", "Lü bu", "lv'bu", "ｌｖ　ｂｕ"])
def test_a_query_is_normalized(text: str) -> None:
    assert normalize_query(text) == "lvbu"


@given(st.text(st.characters(min_codepoint=0x3400, max_codepoint=0x9FFF), max_size=USER_NAME_MAX_LENGTH))
def test_every_pinyin_fits_its_column(name: str) -> None:
    pinyin, initials = pinyin_and_initials(name)
    assert len(pinyin) <= NAME_KEY_MAX_LENGTH and len(initials) <= USER_NAME_MAX_LENGTH


def test_the_dictionary_is_loaded_for_a_chinese_name_only() -> None:
    script = (
        "import sys; from accounts.pinyin import pinyin_and_initials as convert; convert('Alice');"
        " early = 'pypinyin' in sys.modules;"
        " convert('马远'); print(early, 'pypinyin' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
