"""Pinyin of Chinese names, for search. Pure, except that the dictionary is loaded on first use."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from functools import cache

from accounts.names import NAME_KEY_MAX_LENGTH, USER_NAME_MAX_LENGTH, name_key

_CHINESE = re.compile("[\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003347f]")
_NAME_LENGTHS = range(2, 5)
"""Lengths of a full name in characters. Only in a full name are the first characters a surname."""
_SURNAMES = {
    "万俟": ("mo", "qi"), "单于": ("chan", "yu"), "尉迟": ("yu", "chi"), "尉遲": ("yu", "chi"), "澹台": ("tan", "tai"),
    "澹臺": ("tan", "tai"), "长孙": ("zhang", "sun"), "長孫": ("zhang", "sun"), "令狐": ("ling", "hu"),
    "相里": ("xiang", "li"), "乐正": ("yue", "zheng"), "樂正": ("yue", "zheng"), "独孤": ("du", "gu"),
    "单": ("shan",), "單": ("shan",), "解": ("xie",), "曾": ("zeng",), "仇": ("qiu",), "查": ("zha",), "区": ("ou",),
    "區": ("ou",), "朴": ("piao",), "任": ("ren",), "乐": ("yue",), "樂": ("yue",), "盖": ("ge",), "蓋": ("ge",),
    "华": ("hua",), "覃": ("qin",), "翟": ("zhai",), "缪": ("miao",), "繆": ("miao",), "宁": ("ning",), "纪": ("ji",),
    "员": ("yun",), "員": ("yun",), "种": ("chong",), "折": ("she",), "那": ("na",), "召": ("shao",), "祭": ("zhai",),
    "乜": ("nie",), "隗": ("wei",), "粘": ("nian",), "卜": ("bu",), "薄": ("bo",), "尉": ("wei",), "佴": ("nai",),
    "郇": ("xun",), "郗": ("xi",), "都": ("du",), "於": ("yu",), "逄": ("pang",), "车": ("che",), "車": ("che",),
    "过": ("guo",), "牟": ("mou",), "洗": ("xian",), "秘": ("bi",), "黑": ("he",), "句": ("gou",), "谌": ("chen",),
    "晟": ("cheng",), "葛": ("ge",), "幺": ("yao",), "么": ("yao",), "褚": ("chu",), "适": ("kuo",), "宓": ("fu",),
    "繁": ("po",), "尹": ("yin",), "殷": ("yin",), "应": ("ying",), "應": ("ying",), "占": ("zhan",), "哈": ("ha",),
}  # fmt: skip
"""Readings of surnames with several characters, and of surnames that are read unlike the same characters elsewhere."""


def pinyin_and_initials(name: str) -> tuple[str, str]:
    """Return the name in pinyin without tones and its syllables' initials: `马远` gives `mayuan` and `my`.

    Other characters are kept in their normalized form, and each run of them counts as one syllable. Both parts are
    empty for a name without Chinese characters. A character with several readings gets its most common one, or its
    surname reading at the beginning of a full name.
    """
    key = name_key(name)
    if not _CHINESE.search(key):
        return "", ""
    parts = [part for syllable in _syllables(key) for part in re.findall(r"\w+", syllable)]
    return "".join(parts)[:NAME_KEY_MAX_LENGTH], "".join(part[0] for part in parts)[:USER_NAME_MAX_LENGTH]


def normalize_query(text: str) -> str:
    """Return a search text in the form of `pinyin_and_initials`: `Lü  bu`, `lv'bu` and `LVBU` become the same."""
    return re.sub(r"[\W_]+", "", name_key(text)).replace("ü", "v")


def _syllables(key: str) -> list[str]:
    surname: tuple[str, ...] = ()
    if len(key) in _NAME_LENGTHS and all(map(_CHINESE.match, key)):
        surname = _SURNAMES.get(key[:2]) or _SURNAMES.get(key[:1]) or ()
    return [*surname, *_dictionary()(key[len(surname) :])]


@cache
def _dictionary() -> Callable[[str], list[str]]:
    """Return the dictionary, loaded on first use: it takes 13 MB. Phrases would make it 58 MB and rarely help names."""
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")
    from pypinyin import lazy_pinyin

    return lazy_pinyin
