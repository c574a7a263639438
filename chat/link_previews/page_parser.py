"""Reads what a page says of itself: Open Graph, Twitter's cards, else its title and description. Pure."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from accounts.joiners import cut
from accounts.visible_text import has_visible_text
from chat.link_previews.charsets import decode_page

MAX_TITLE_LENGTH = 200
MAX_DESCRIPTION_LENGTH = 400
MAX_SITE_NAME_LENGTH = 80
_MAX_RAW_LENGTH = 5000
_MAX_ADDRESS_LENGTH = 2000
_JOINERS = "\u200c\u200d"
_TITLES = ("og:title", "twitter:title")
_DESCRIPTIONS = ("og:description", "twitter:description", "description")
_PICTURES = ("og:image:secure_url", "og:image:url", "og:image", "twitter:image", "twitter:image:src")


@dataclass(frozen=True, slots=True)
class PageDescription:
    """The description of a page, as plain text on one line. `picture` is an absolute address; empty without one."""

    title: str = ""
    description: str = ""
    site_name: str = ""
    picture: str = ""


def parse_page(body: bytes, content_type: str, address: str) -> PageDescription:
    """Return the description of an HTML page, whose last part may be missing. `address` is the base of its links."""
    # Only the process that reads pages needs it.
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(decode_page(body, content_type))
    said: dict[str, str] = {}
    for meta in tree.css("meta"):
        attributes = meta.attributes
        name = (attributes.get("property") or attributes.get("name") or "").strip().lower()
        if name and (content := attributes.get("content")):
            said.setdefault(name, content[:_MAX_RAW_LENGTH])
    title = tree.css_first("head > title") or tree.css_first("title")
    base = tree.css_first("base[href]")
    root = urljoin(address, (base.attributes.get("href") or "") if base is not None else "")
    return PageDescription(
        title=_first(said, _TITLES, MAX_TITLE_LENGTH)
        or clean_text(title.text() if title is not None else "", MAX_TITLE_LENGTH),
        description=_first(said, _DESCRIPTIONS, MAX_DESCRIPTION_LENGTH),
        site_name=_first(said, ("og:site_name", "application-name"), MAX_SITE_NAME_LENGTH),
        picture=_picture(said, root),
    )


def clean_text(text: str, limit: int) -> str:
    """Return the text on one line of at most `limit` characters, without control and direction characters."""
    kept = "".join(
        char
        for char in unicodedata.normalize("NFC", text[:_MAX_RAW_LENGTH])
        if char in _JOINERS or char.isspace() or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn")
    )
    shown = " ".join(kept.split())
    if not has_visible_text(shown):
        return ""
    return shown if len(shown) <= limit else cut(shown, limit - 1).rstrip() + "…"


def _first(said: dict[str, str], names: tuple[str, ...], limit: int) -> str:
    return next((text for name in names if (text := clean_text(said.get(name, ""), limit))), "")


def _picture(said: dict[str, str], base: str) -> str:
    for name in _PICTURES:
        try:
            address = urljoin(base, said.get(name, "").strip()) if said.get(name, "").strip() else ""
            if urlsplit(address).scheme in ("http", "https") and len(address) <= _MAX_ADDRESS_LENGTH:
                return address
        except ValueError:
            continue
    return ""
