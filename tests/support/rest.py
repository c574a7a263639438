"""A business system that calls the REST API of a running site with its own token."""

from __future__ import annotations

import asyncio
import json
import secrets
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from tests.support import log_secrets
from tests.support.shared_site import SharedSite
from tests.support.site import Site

_MAKE = """
from django.contrib.auth.models import Permission
from accounts.actions import token_issue
from accounts.models import User
service = User.objects.create_user({name!r}, nickname="The shop", kind=User.Kind.SERVICE)
service.user_permissions.add(*Permission.objects.filter(codename__in={permissions!r}))
print(token_issue(user=service))
"""
_REVOKE = """
from accounts.actions import token_revoke
from accounts.selectors.users import user_by_token
user, credential = user_by_token({token!r})
token_revoke(user_id=user.pk, credential=credential)
"""


@dataclass(frozen=True)
class Answer:
    status: int
    data: Any
    headers: dict[str, str]


@dataclass(frozen=True)
class Service:
    """A service user and its token."""

    name: str
    token: str

    @classmethod
    def make(cls, shared_site: SharedSite, *permissions: str) -> Service:
        """Create a service with these permissions, by their code names."""
        name = f"shop-{secrets.token_hex(4)}"
        printed = shared_site.shell(_MAKE.format(name=name, permissions=permissions))
        token = printed.strip().splitlines()[-1]
        log_secrets.note(token)
        return cls(name, token)

    def revoke(self, shared_site: SharedSite) -> None:
        """Revoke the token in another process, which announces nothing to the nodes."""
        shared_site.shell(_REVOKE.format(token=self.token))

    async def refused_by(self, node: Site) -> None:
        """Call the node until it refuses the token."""
        while (await self.call(node, "GET", "presence/alice/")).status == 200:  # noqa: ASYNC110  nothing tells
            await asyncio.sleep(0.05)

    async def call(self, node: Site, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Call `path` below `/api/v1/`; underscores in the names of `headers` stand for hyphens."""
        return await asyncio.to_thread(self.call_now, node, method, path, body, **headers)

    def call_now(self, node: Site, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        request = urllib.request.Request(
            f"{node.url}/api/v1/{path}",
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
                **{name.replace("_", "-"): value for name, value in headers.items()},
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return _answer(reply.status, reply.read(), reply.headers)
        except urllib.error.HTTPError as refusal:
            return _answer(refusal.code, refusal.read(), refusal.headers)


def _answer(status: int, raw: bytes, headers: Any) -> Answer:
    try:
        return Answer(status, json.loads(raw) if raw else None, dict(headers))
    except ValueError as error:
        raise ValueError(f"not JSON: {status} {raw[:2000]!r}") from error
