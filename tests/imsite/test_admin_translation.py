"""The admin uses the operator's language: no text of its pages is left in English."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from django.contrib import admin
from django.test import Client
from django.utils.text import capfirst

from accounts.models import User
from tests.support.admin_site import admin_paths, request_for
from tests.support.operators import admin_browser

pytestmark = pytest.mark.slow

PEOPLE_SAID = {"Tea", "rude", "Hello", "Web", "shop", "alice", "bob", "olga", "moderator", "operator", "auditor"}
"""Texts on the pages that come from the rows."""
SAME = {"unknown", "Webhook", "imsite", "Redis", "URL", "UTC", "esc", "md"}
"""Words that are the same in Chinese."""
_UNSEEN = {"script", "style", "template", "svg", "head"}


class _Page(HTMLParser):
    """Collects the texts of a page, including the column headings for narrow screens."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: set[str] = set()
        self._unseen: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        self.texts.add(given.get("data-label") or "")
        if tag in _UNSEEN or "material-symbols" in (given.get("class") or ""):
            self._unseen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._unseen and tag == self._unseen[-1]:
            self._unseen.pop()

    def handle_data(self, data: str) -> None:
        # Django names the permissions; the shown part of a password hash is no word.
        if not self._unseen and " | Can " not in data and "**" not in data:
            self.texts.add(data.strip())


def english(html: str) -> set[str]:
    """Return the texts that contain an English word and no Chinese."""
    page = _Page()
    page.feed(html)
    words = {
        text: set(re.findall(r"[A-Za-z]{2,}", text)) for text in page.texts if not re.search(r"[\u4e00-\u9fff]", text)
    }
    known = PEOPLE_SAID | {said.capitalize() for said in PEOPLE_SAID} | SAME
    return {text for text, found in words.items() if found - known}


@pytest.fixture
def chinese(rows: dict[str, int | str]) -> Client:
    return admin_browser(User.objects.create_superuser("olga", language="zh-hans"))


def test_english_texts_are_detected() -> None:
    assert english("<p>Nothing to do</p><p>频道 Tea</p><script>let there</script><a>Tea</a>") == {"Nothing to do"}


def test_no_admin_page_contains_english(chinese: Client, rows: dict[str, int | str]) -> None:
    left: dict[str, set[str]] = {}
    for path in admin_paths():
        url, _model, action = request_for(path, rows)
        page = chinese.get(url)
        if page.status_code == 200 and action not in ("delete", "autocomplete"):
            left[url] = english(page.content.decode())
    assert len(left) > 40
    names = {capfirst(str(row))[:80] for model in admin.site._registry for row in model._default_manager.all()}
    left = {url: {text for text in texts if text[:80] not in names} for url, texts in left.items()}
    assert {url: texts for url, texts in left.items() if texts} == {}
