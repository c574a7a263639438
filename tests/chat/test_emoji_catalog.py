"""The page's emoji come with names, groups and skin tones, once for each version."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from chat.emoji_catalog import emoji_catalog


@pytest.fixture(scope="module")
def groups() -> dict[str, dict[str, list[Any]]]:
    response = Client().get("/emoji.json")
    assert response.headers["Content-Type"] == "application/json"
    return {group["name"]: {row[0]: row for row in group["emoji"]} for group in response.json()["groups"]}


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ("smileys", ["😀", 1, "grinning_face", "嘿嘿", ["grinning"], ""]),
        ("people", ["👍", 0.6, "thumbs_up", "拇指向上", ["thumbsup", "+1"], "👍🏽"]),
        ("people", ["☝️", 0.6, "index_pointing_up", "食指向上指", ["point_up"], "☝🏽"]),
        ("people", ["🧑‍🤝‍🧑", 12, "people_holding_hands", "手拉手的两个人", [], "🧑🏽‍🤝‍🧑🏽"]),
        ("flags", ["🇨🇳", 0.6, "China", "中国", ["flag_for_China", "cn"], ""]),
    ],
)
def test_an_emoji_has_names_and_a_skin_tone(groups: dict[str, Any], group: str, expected: list[Any]) -> None:
    assert groups[group][expected[0]] == expected


def test_each_emoji_is_in_one_group(groups: dict[str, Any]) -> None:
    where = {
        "smileys": "😀❤️👻😺",
        "people": "👋🧑‍🚀👀",
        "nature": "🐶🌹🐦‍⬛",
        "food": "☕🍕",
        "activities": "🎉⚽",
        "travel": "🚀🔥⏳",
        "objects": "💡🔑",
        "symbols": "✅➕#️⃣",
        "flags": "🏁🇩🇪",
    }
    for group, emoji in where.items():
        found = "".join(groups[group])
        assert [one for one in emoji if one not in found] == []
    forms = [form for rows in groups.values() for form in rows]
    assert len(forms) == len(set(forms)) > 1900
    assert [next(iter(groups[name])) for name in ("smileys", "people", "flags")] == ["😀", "👋", "🎌"]
    assert not any(tone in form for form in forms for tone in "🏻🏼🏽🏾🏿")


def test_a_browser_that_has_the_data_does_not_load_it_again() -> None:
    _, tag = emoji_catalog()
    response = Client().get("/emoji.json", headers={"If-None-Match": tag})
    assert (response.status_code, response.content) == (304, b"")
    assert response.headers["Cache-Control"] == "public, no-cache"
    assert Client().post("/emoji.json").status_code == 405
