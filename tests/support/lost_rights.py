"""Callers of a node that lose the right to send, each in another way, in a process that announces nothing."""

from __future__ import annotations

import asyncio
import itertools
import json
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from chat import errors
from tests.support.rest import Service
from tests.support.shared_site import SharedSite
from tests.support.site import Site
from tests.support.waiting import TIMEOUT_SECONDS

WITHOUT_EVENT = {
    "permission removed": "user.user_permissions.clear()",
    "removed from the group": "user.groups.clear()",
    "permission removed from the group": "user.groups.get().permissions.clear()",
}
"""Losses that no event tells of, by name, and what causes them."""
WITH_EVENT = {
    "token revoked": "token_revoke(user_id=user.pk, credential=user_by_token(token)[1])",
    "service deactivated": "user_deactivate(user_id=user.pk)",
    "user banned": "user_ban(operator=system_user(), user_id=user.pk)",
}
"""Losses that the event log contains. A node that sends reads it."""
_MAKE = """
import json, secrets
from django.contrib.auth.models import Group, Permission
from accounts.actions import token_issue
from accounts.models import User
permissions = Permission.objects.filter(codename__in=["use_gateway", "speak_for_others"])
made = {{}}
for loss in {losses!r} + ["none"]:
    kind = User.Kind.PERSON if "banned" in loss else User.Kind.SERVICE
    user = User.objects.create_user(f"caller-{{secrets.token_hex(4)}}", kind=kind)
    if "group" in loss:
        group = Group.objects.create(name=user.username)
        group.permissions.set(permissions)
        user.groups.add(group)
    else:
        user.user_permissions.set(permissions)
    made[loss] = [user.username, token_issue(user=user)]
print(json.dumps(made))
"""
_LOSE = """
from accounts.actions import system_user, token_revoke, user_deactivate
from accounts.models import User
from accounts.selectors.users import user_by_token
from chat.actions.moderation import user_ban
for name, token, change in {changes!r}:
    user = User.objects.get(username=name)
    exec(change)
"""
_COUNT = """
from chat.models import Message
print(Message.objects.filter(text__in={texts!r}).count())
"""
_numbers = itertools.count(1)


@dataclass(frozen=True)
class _Sent:
    text: str
    is_refused: bool


class LosingCallers:
    """A caller for each of these ways to lose the right to send, and one that keeps it."""

    def __init__(self, shared_site: SharedSite, node: Site, recipient: str, losses: Mapping[str, str]) -> None:
        """`recipient`: name of the account that all messages go to."""
        self._shared_site, self._node, self._recipient, self._losses = shared_site, node, recipient, losses
        made = json.loads(shared_site.shell(_MAKE.format(losses=list(losses))).strip().splitlines()[-1])
        self._callers = {loss: Service(name, token) for loss, (name, token) in made.items()}

    async def can_send(self) -> None:
        """Require that the node accepts every kind of send from all callers, and in the name of all."""
        for caller in self._callers.values():
            assert [sent.is_refused for sent in await self._send_each_way(caller)] == [False] * 3
            assert (await self._send_as(caller)) == HTTPStatus.CREATED

    async def lose_rights(self) -> None:
        """Take the right from all callers but one."""
        losses = self._losses.items()
        changes = [(self._callers[loss].name, self._callers[loss].token, change) for loss, change in losses]
        await asyncio.to_thread(self._shared_site.shell, _LOSE.format(changes=changes))

    async def are_refused(self) -> None:
        """Wait until the node refuses every kind of send from all who lost the right, storing nothing."""
        losers = [caller for loss, caller in self._callers.items() if loss in self._losses]
        refused = [text for texts in await asyncio.gather(*map(self._refusals, losers)) for text in texts]
        stored = await asyncio.to_thread(self._shared_site.shell, _COUNT.format(texts=refused))
        assert len(refused) == 3 * len(self._losses) and stored.strip() == "0"
        for loss in {"service deactivated", "user banned"} & self._losses.keys():
            assert await self._send_as(self._callers[loss]) == HTTPStatus.NOT_FOUND
        assert [sent.is_refused for sent in await self._send_each_way(self._callers["none"])] == [False] * 3

    async def _refusals(self, caller: Service) -> list[str]:
        while True:
            sent = await self._send_each_way(caller)
            if all(each.is_refused for each in sent):
                return [each.text for each in sent]
            await asyncio.sleep(0.1)

    async def _send_each_way(self, caller: Service) -> list[_Sent]:
        return [await self._send(caller, "messages/"), await self._send(caller, "bulk"), await self._push(caller)]

    async def _send(self, caller: Service, way: str) -> _Sent:
        message = {"to": {"user": self._recipient}, "msg": _unique_text()}
        path, body = ("messages/bulk/", {"messages": [message]}) if way == "bulk" else (way, message)
        answer = await caller.call(self._node, "POST", path, body)
        assert answer.status in (200, 201, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN), answer
        return _Sent(str(message["msg"]), answer.status >= 400)

    async def _send_as(self, author: Service) -> int:
        """Send in the author's name, by the caller that keeps its right; return the status."""
        body = {"to": {"app": 101}, "msg": _unique_text(), "as": author.name}
        return (await self._callers["none"].call(self._node, "POST", "messages/", body)).status

    async def _push(self, caller: Service) -> _Sent:
        text = _unique_text()
        form = urllib.parse.urlencode({"userID": self._recipient, "message": text, "msgID": text}).encode()
        headers = {"Authorization": f"Bearer {caller.token}"}
        request = urllib.request.Request(f"{self._node.url}/user/sendMessage", form, headers)

        def call() -> int:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as reply:
                return int(json.load(reply)["code"])

        code = await asyncio.to_thread(call)
        assert code in (errors.SUCCESS.number, errors.NOT_AUTHORISED.number)
        return _Sent(text, code != errors.SUCCESS.number)


def _unique_text() -> str:
    return f"send number {next(_numbers)}"
