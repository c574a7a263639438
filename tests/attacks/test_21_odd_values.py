"""Attack 21: NUL, numbers of 30 digits, and numbers in another form, in every URL, form, command and call.

Each is a plain refusal on both databases, and never the row of the number that it resembles. The admin's filters and
forms: tests/accounts/admin/test_request_checks.py.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from accounts.actions import token_issue
from chat.commands.registry import COMMANDS
from chat.models import Channel
from delivery.db.executors import run
from tests.support.in_process import create_global_channel, create_users, running_node
from tests.support.site_urls import fill, served_site, url_patterns

OTHER_FORMS = ["0{}", "+{}", " {}", "{} ", "{}.0", "{}e0", "0x{}", "{}\0"]
"""Forms of a number that are not its usual one."""
IN_URLS = ["a\0b", "9" * 30, "１０", "1e3"]
ODD = [*IN_URLS, "\0", "-1", str(2**63), "007", "1_0", "٣", "²", "NaN", "\u202e1", "'", "x" * 5000]
FAULTS = (1004, 1006, 1007, 1008)
"""Codes of faults of the server."""
SIGN_OUT = ("accounts/logout/", "accounts/devices/all/")
FIELDS = (
    "appId", "appID", "userID", "channel", "target", "q", "next", "name", "email", "username", "password", "id",
    "nickname", "message", "msgID", "friend_id", "group_id", "ids", "seconds", "after", "language", "time_zone",
    "avatar", "device_id", "seq", "isDebug", "phone_number",
)  # fmt: skip


def other_forms(number: int | str) -> list[str]:
    """Return texts that resemble the number, and are not its usual form."""
    text = str(number)
    wide = text.translate({ord("0") + digit: 0xFF10 + digit for digit in range(10)})
    arabic = text.translate({ord("0") + digit: 0x0660 + digit for digit in range(10)})
    parted = [f"{text[0]}_{text[1:]}"] if len(text) > 1 else []
    return [form.format(text) for form in OTHER_FORMS] + [wide, arabic, *parted]


def quoted(value: str) -> str:
    return quote(value, safe="")


@pytest.mark.django_db
@pytest.mark.parametrize("odd", IN_URLS, ids=ascii)
def test_every_url_refuses_odd_values(odd: str) -> None:
    browser = served_site().browsers["member"]
    browser.handler.enforce_csrf_checks = False
    query = "&".join(f"{name}={quoted(odd)}" for name in FIELDS)
    for pattern in url_patterns(without=("admin/", "api/", "readyz", *SIGN_OUT)):
        url = f"{fill(pattern, {}, default=quoted(odd))}?{query}"
        for answer in (browser.get(url), browser.post(url, dict.fromkeys(FIELDS, odd))):
            assert answer.status_code < 500, (pattern, odd)
            if not answer.streaming and answer.content.startswith(b'{"code":'):
                assert json.loads(answer.content)["code"] not in FAULTS, (pattern, odd)


@pytest.mark.django_db
def test_a_number_in_another_form_is_not_the_row_of_that_number() -> None:
    site = served_site()
    reader = site.browsers["member"]
    _, message_id, picture = site.urls["link-previews/<message_id>/<str:key>.webp"].strip("/").split("/")
    token = {"Authorization": f"Bearer {token_issue(user=site.users['member'])}"}
    channel = Channel.objects.get(name="Tea").pk
    paths = {
        f"/link-previews/{{}}/{picture}": message_id,
        "/?appId={}": "101",
        "/widget/token/?channel={}": str(channel),
    }
    for path, number in paths.items():
        assert reader.get(path.format(number)).status_code == 200, path
        for form in other_forms(number):
            assert reader.get(path.format(quoted(form))).status_code in (400, 404), (path, form)
    calls = {"/group_user/list?group_id={}": str(channel)}
    for path, number in calls.items():
        headers = {"token": token["Authorization"].partition(" ")[2]}
        assert json.loads(Client().get(path.format(number), headers=headers).content)["code"] == 200
        for form in other_forms(number):
            answer = Client().get(path.format(quoted(form)), headers=headers)
            assert json.loads(answer.content)["code"] != 200, (path, form)


def odd_fields(cmd: str, odd: str) -> dict[str, Any]:
    """Return data of the command with an odd text in each of its fields."""
    return dict.fromkeys(COMMANDS[cmd].takes.__struct_fields__, odd)


@pytest.mark.django_db(transaction=True)
async def test_every_command_refuses_odd_values() -> None:
    await run(create_global_channel)
    [alice] = await run(create_users, "alice")
    async with running_node() as node:
        client = await node.connect(alice)
        for cmd in sorted({*COMMANDS} - {"login"}):
            for odd in ODD:
                envelope = await client.request(cmd, odd_fields(cmd, odd))
                assert envelope.code in (200, 1001, 1003, 1005, 1009, 1010, 1011, 1012), (cmd, odd, envelope)
            assert (await client.request("ping")).code == 200


@pytest.mark.django_db(transaction=True)
async def test_a_target_in_another_form_is_not_that_channel() -> None:
    await run(create_global_channel)
    [alice] = await run(create_users, "alice")
    async with running_node() as node:
        client = await node.connect(alice)
        group = await client.call("channel.create", kind="public", name="Tea")
        sent = await client.say(group["target"])
        commands = {"message.history": {}, "channel.get": {}, "message.send": {"msg": "x"}}
        for cmd, fields in commands.items():
            for form in other_forms(group["target"]):
                assert (await client.request(cmd, target=form, **fields)).code in (1001, 1005), (cmd, form)
        for form in other_forms(sent["id"]):
            envelope = await client.request("message.get", target=group["target"], id=form)
            assert envelope.code in (1001, 1005), form
