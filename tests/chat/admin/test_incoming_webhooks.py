"""Olga makes a URL by which another system posts, sees it once, and takes it back."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

from django.test import Client

from chat.models import Channel, IncomingWebhook, Message
from tests.support.operators import staff, tick

HOOKS = "/admin/chat/incomingwebhook/"


def _path(page: Any) -> str:
    found = re.search(r'id="secret">([^<]+)<', page.content.decode())
    assert found
    return urlsplit(found[1]).path


def _post(path: str) -> int:
    return Client().post(path, json.dumps({"text": "hello"}), "application/json").status_code


def test_it_is_made_used_switched_off_and_given_another_url(operator: Client, group: Channel) -> None:
    path = _path(operator.post(f"{HOOKS}add/", {"name": "Build", "of_channel": "Painters"}))
    assert _post(path) == 200 and Message.objects.get().sender.nickname == "Build"
    hook = IncomingWebhook.objects.get()
    shown = operator.get(HOOKS).content.decode() + operator.get(f"{HOOKS}{hook.pk}/change/").content.decode()
    assert path.split("/")[2] not in shown and "Build" in shown
    tick(operator, HOOKS, "disable_selected", hook, confirmed="disable")
    assert _post(path) == 404
    operator.post(f"{HOOKS}{hook.pk}/enable/", {"confirmed": "enable"})
    renewed = _path(operator.post(f"{HOOKS}{hook.pk}/renew/", {"confirmed": "renew"}))
    assert (_post(path), _post(renewed)) == (404, 200)


def test_a_name_that_nobody_may_have_is_told(operator: Client, group: Channel) -> None:
    html = operator.post(f"{HOOKS}add/", {"name": "a\u202eb", "of_channel": "Painters"}, follow=True).content.decode()
    assert 'id="secret"' not in html and not IncomingWebhook.objects.exists()


def test_without_the_right_none_is_made(group: Channel) -> None:
    assert (
        staff("view_incomingwebhook").post(f"{HOOKS}add/", {"name": "Build", "of_channel": "Painters"}).status_code
        == 403
    )
