"""The emoji that the page offers, with their names in English and Chinese.

JSON: `{"groups": [{"name", "emoji": [[emoji, version, name, chineseName, aliases, toned], …]}, …]}`. `version` is the
version of Unicode's emoji that added it. `name` and `aliases` (a list) are the names between colons, such as
`thumbs_up`. `toned` is the emoji in medium skin tone, or "".
"""

from __future__ import annotations

import re
from functools import cache
from hashlib import sha256
from typing import Any

import orjson

from chat.emoji_groups import GROUP_NAMES, group_of, sort_key

_VARIATION_SELECTOR = "\ufe0f"
_MEDIUM_TONE = "\U0001f3fd"
_TONE = re.compile("[\U0001f3fb-\U0001f3ff]")


@cache
def emoji_catalog() -> tuple[bytes, str]:
    """Return the catalogue as JSON, and its entity tag. It is made at the first call, in about 0.1 s."""
    # Loaded when a user first opens the picker: the table takes 8 MB.
    import emoji

    emoji.config.load_language("zh")
    recommended = {
        form: facts for form, facts in emoji.EMOJI_DATA.items() if facts["status"] == emoji.STATUS["fully_qualified"]
    }
    toned = {_without_tone(form): form for form in recommended if set(_TONE.findall(form)) == {_MEDIUM_TONE}}
    groups: dict[str, list[str]] = {name: [] for name in GROUP_NAMES}
    for form in sorted(recommended, key=sort_key):
        if not _TONE.search(form):
            groups[group_of(form)].append(form)
    rows = [
        {"name": name, "emoji": [_row(form, recommended[form], toned) for form in forms]}
        for name, forms in groups.items()
    ]
    body = orjson.dumps({"groups": rows})
    return body, f'"{sha256(body).hexdigest()[:16]}"'


def _row(form: str, facts: dict[str, Any], toned: dict[str, str]) -> list[object]:
    name = facts["en"].strip(":")
    aliases = [alias.strip(":") for alias in facts.get("alias", ())]
    chinese = facts.get("zh", "").strip(":").replace("_", " ")
    return [form, facts["E"], name, chinese, aliases, toned.get(_without_tone(form), "")]


def _without_tone(form: str) -> str:
    return _TONE.sub("", form).replace(_VARIATION_SELECTOR, "")
