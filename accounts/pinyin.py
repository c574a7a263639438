"""How a Chinese name sounds, for search. Pure but for the dictionary, which is loaded when the first name needs it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from functools import cache

from accounts.names import KEY_LIMIT, USER_NAME_LIMIT, name_key

_CHINESE = re.compile("[\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003347f]")
_NAME_LENGTHS = range(2, 5)
"""Characters of a person's whole name: only there the first ones are a surname."""
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
"""Surnames whose reading as a name is, or might be taken for, another than the usual one."""


def pinyin_and_initials(name: str) -> tuple[str, str]:
    """The name in pinyin without tones, and the initials of its syllables: `马远` gives `mayuan` and `my`.

    Other characters stay in it as names are compared; of a row of them the first is the initial. Both are empty for a
    name without a Chinese character. A character of several readings has its most usual one, or the one it has as a
    surname where it begins a name.
    """
    key = name_key(name)
    if not _CHINESE.search(key):
        return "", ""
    parts = [part for syllable in _syllables(key) for part in re.findall(r"\w+", syllable)]
    return "".join(parts)[:KEY_LIMIT], "".join(part[0] for part in parts)[:USER_NAME_LIMIT]


def as_typed(text: str) -> str:
    """What somebody typed, the way `pinyin_and_initials` writes it: `Lü  bu`, `lv'bu` and `LVBU` are one."""
    return re.sub(r"[\W_]+", "", name_key(text)).replace("ü", "v")


def _syllables(key: str) -> list[str]:
    surname: tuple[str, ...] = ()
    if len(key) in _NAME_LENGTHS and all(map(_CHINESE.match, key)):
        surname = _SURNAMES.get(key[:2]) or _SURNAMES.get(key[:1]) or ()
    return [*surname, *_dictionary()(key[len(surname) :])]


@cache
def _dictionary() -> Callable[[str], list[str]]:
    """Loaded late, and without its phrases: it takes 13 MB of memory as it is, 58 MB with what names hardly need."""
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")
    from pypinyin import lazy_pinyin

    return lazy_pinyin
