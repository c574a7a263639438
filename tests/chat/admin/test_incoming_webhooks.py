"""Olga creates an incoming webhook, sees its URL once, and revokes it."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

from django.test import Client

from chat.models import Channel, IncomingWebhook, Message
from tests.support.operators import run_admin_action, staff_browser

HOOKS = "/admin/chat/incomingwebhook/"


def _path(page: Any) -> str:
    found = re.search(r'id="secret">([^<]+)<', page.content.decode())
    assert found
    return urlsplit(found[1]).path


def _post(path: str) -> int:
    return Client().post(path, json.dumps({"text": "hello"}), "application/json").status_code


def test_an_incoming_webhook_is_created_used_disabled_and_given_another_url(operator: Client, group: Channel) -> None:
    path = _path(operator.post(f"{HOOKS}add/", {"name": "Build", "channel_term": "Painters"}))
    assert _post(path) == 200 and Message.objects.get().sender.nickname == "Build"
    hook = IncomingWebhook.objects.get()
    shown = operator.get(HOOKS).content.decode() + operator.get(f"{HOOKS}{hook.pk}/change/").content.decode()
    assert path.split("/")[2] not in shown and "Build" in shown
    run_admin_action(operator, HOOKS, "disable_selected", hook, confirmed="disable")
    assert _post(path) == 404
    operator.post(f"{HOOKS}{hook.pk}/enable/", {"confirmed": "enable"})
    renewed = _path(operator.post(f"{HOOKS}{hook.pk}/rotate_url/", {"confirmed": "rotate_url"}))
    assert (_post(path), _post(renewed)) == (404, 200)


def test_an_invalid_name_is_refused(operator: Client, group: Channel) -> None:
    html = operator.post(f"{HOOKS}add/", {"name": "a\u202eb", "channel_term": "Painters"}, follow=True).content.decode()
    assert 'id="secret"' not in html and not IncomingWebhook.objects.exists()


def test_creating_needs_the_permission(group: Channel) -> None:
    assert (
        staff_browser("view_incomingwebhook")
        .post(f"{HOOKS}add/", {"name": "Build", "channel_term": "Painters"})
        .status_code
        == 403
    )
