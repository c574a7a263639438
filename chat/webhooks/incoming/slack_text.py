"""Turns Slack's message syntax into the Markdown that the chat page shows. Pure, and linear in the length of the text.

Senders that were written for Slack escape `&`, `<` and `>`, put links and mentions between angle brackets, and stress
words with `*bold*`, `_italic_` and `~strike~`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from accounts.visible_text import has_visible_text

_LINK = r"(?:https?|ftp|mailto|tel):[^<>|\s]+"
_USER_OR_CHANNEL = "[@#][A-Z0-9]+"
_SPECIAL = r"!(?:here|channel|everyone|(?:subteam|date)\^[^<>|\n]+)"
_TOKEN = re.compile(rf"<({_LINK}|{_USER_OR_CHANNEL}|{_SPECIAL})(?:\|([^<>\n]*))?>", re.IGNORECASE)
"""A link or mention, with an optional label. Anything else between angle brackets stays as it is."""
_CODE = re.compile(r"```(?P<block>.+?)```|`(?P<code>[^`\n]+)`", re.DOTALL)
_ENTITY = re.compile("&(amp|lt|gt);")
_CHARACTERS = {"amp": "&", "lt": "<", "gt": ">"}
_EVERYONE = {"!here": "@here", "!channel": "@channel", "!everyone": "@everyone"}
_HIDDEN_SCHEMES = ("mailto:", "tel:")
"""Schemes that people do not write before an address."""
_LABELLED_SCHEMES = ("http://", "https://", "mailto:")
"""Schemes of links that the page shows by their label."""
_BOLD = re.compile(r"(?<![^\W_])(?<!\*)\*(?![\s*])([^*\n]*[^\s*])\*(?![*]|[^\W_])")
_STRIKE = re.compile(r"(?<![^\W_])(?<!~)~(?![\s~])([^~\n]*[^\s~])~(?![~]|[^\W_])")
_QUOTE = re.compile(r"^(?:&gt;|>)(?!&gt;|>) ?(?=\S)", re.MULTILINE)
_QUOTE_OF_REST = re.compile(r"^(?:&gt;|>){3}(?!&gt;|>)(?=.*\S)", re.MULTILINE)
_MARK = re.compile(r"[*~`\[\]]|(?<![^\W_])_|_(?![^\W_])")
"""A character that the page may take for formatting."""
_PLACEHOLDER = "\0"
"""Stands for code and links while the rest is converted. No message may contain it."""


def markdown(text: str) -> str:
    """Return the text with Slack's formatting, links and mentions as the page reads them, and without escapes."""
    if _PLACEHOLDER in text:
        return text
    kept: list[str] = []

    def keep(value: str) -> str:
        kept.append(value)
        return _PLACEHOLDER

    # Code first: nothing in it is formatting.
    parts: list[str] = []
    end = 0
    for code in _CODE.finditer(text):
        parts += [_keep_links(text[end : code.start()], keep), keep(_code(code))]
        end = code.end()
    text = "".join([*parts, _keep_links(text[end:], keep)])
    text = _quote_rest(text)
    text = _QUOTE.sub("&gt; ", text)
    text = _STRIKE.sub(r"~~\1~~", _BOLD.sub(r"**\1**", text))
    remaining = iter(kept)
    return "".join(next(remaining) if part == _PLACEHOLDER else _unescape(part) for part in re.split("(\0)", text))


def literal(text: str) -> str:
    """Return text without any syntax so that the page shows it as it is written: marks get a backslash."""
    return _MARK.sub(r"\\\g<0>", _unescape(text))


def bold(text: str) -> str:
    """Return the text of a heading in bold, in one line; empty if it shows nothing."""
    words = " ".join(literal(text).split())
    return f"**{words}**" if has_visible_text(words) else ""


def link(label: str, address: str, *, is_escaped: bool = False) -> str:
    """Return a link with a label, or text if the page shows no link to that address.

    `is_escaped`: the label's marks are escaped already.
    """
    if not address.lower().startswith(_LABELLED_SCHEMES) or re.search(r"[\s<>\"]", address):
        return f"{label} ({address})"
    escaped = label if is_escaped else re.sub(r"[\[\]]", r"\\\g<0>", label)
    return f"[{escaped}]({address.replace('(', '%28').replace(')', '%29')})"


def quote(text: str) -> str:
    """Return the text as a quote."""
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def _quote_rest(text: str) -> str:
    found = _QUOTE_OF_REST.search(text)
    if found is None:
        return text
    lines = text[found.end() :].lstrip(" ").split("\n")
    return text[: found.start()] + "\n".join(f"&gt; {line}" for line in lines)


def _keep_links(text: str, keep: Callable[[str], str]) -> str:
    return _TOKEN.sub(lambda token: keep(_shown(token)), text)


def _code(code: re.Match[str]) -> str:
    content = _unescape(_TOKEN.sub(lambda token: _shown(token, in_code=True), code["block"] or code["code"]))
    if code["block"] is None:
        return f"`{content}`"
    # Slack has no languages: the first line is code.
    head = "" if content.startswith("\n") or "\n" not in content else "\n"
    return f"```{head}{content}```"


def _shown(token: re.Match[str], *, in_code: bool = False) -> str:
    target, label = _unescape(token[1]), _label(token[2] or "")
    if target[0] in "@#":
        return target[0] + (label or target[1:]).removeprefix(target[0])
    if target[0] == "!":
        return _EVERYONE.get(target.lower()) or label or target.partition("^")[2] or target
    scheme = next((scheme for scheme in _HIDDEN_SCHEMES if target.lower().startswith(scheme)), "")
    address = target[len(scheme) :]
    names_address = label.rstrip("/") in ("", *(part.rstrip("/") for part in (address, address.partition("://")[2])))
    if names_address:
        return address
    return f"{label} ({address})" if in_code or scheme == "tel:" else link(label, target)


def _label(text: str) -> str:
    """Return a label as people read it, empty if it shows nothing."""
    label = _unescape(text).strip()
    return label if has_visible_text(label) else ""


def _unescape(text: str) -> str:
    return _ENTITY.sub(lambda entity: _CHARACTERS[entity[1]], text)
