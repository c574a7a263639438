"""A running site that many tests share. Each test takes unused accounts, so tests do not affect each other.

`alice, bob = await clients("alice", "bob")` are connections of two unused accounts, logged in; `await clients.guest()`
is a new guest, `await clients.again(alice)` a second connection of the same user.
"""

from __future__ import annotations

import itertools
import json
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.client import connect

from tests.support import commands
from tests.support.client import Client, Envelope
from tests.support.shell import CommandShell, Shell
from tests.support.site import Site
from tests.support.waiting import TIMEOUT_SECONDS

FOREIGN_ORIGIN = "https://friend.example:8443"
"""The one foreign origin that the shared site allows."""
APP_WITHOUT_GUESTS, DISABLED_APP = 103, 105
"""Apps of the shared site: one without guests, and a disabled one."""
_CROWD = {"alice": 300, "bob": 250, "carol": 120, "dave": 30}
"""Numbers of accounts created at once, by name. More are created when a name runs out."""

_POPULATE = """
import json
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone
from knox.crypto import create_token_string, hash_token
from knox.models import AuthToken
from accounts.models import User
from accounts.names import name_key

names, expires = {names!r}, timezone.now() + timezone.timedelta(days=1)
people = [User(username=name, nickname=name.capitalize(), username_key=name_key(name), nickname_key=name_key(name))
    for name in names]
rows, tokens, sessions = [], [], []
with transaction.atomic():
    User.objects.bulk_create(people)
    for user in people:
        token, session = create_token_string(), SessionStore()
        key = session._get_new_session_key()
        signed_in = dict([(SESSION_KEY, str(user.pk)), (HASH_SESSION_KEY, user.get_session_auth_hash()),
            (BACKEND_SESSION_KEY, "django.contrib.auth.backends.ModelBackend")])
        tokens.append(AuthToken(user=user, digest=hash_token(token), token_key=token[:15], expiry=expires))
        sessions.append(Session(session_key=key, session_data=session.encode(signed_in), expire_date=expires))
        rows.append([user.username, str(user.pk), token, key])
    AuthToken.objects.bulk_create(tokens)
    Session.objects.bulk_create(sessions)
print(json.dumps(rows))
"""
_APPS = """
from accounts.actions import app_create, app_update

app_update(number={no_guests}, name="Android", guests_allowed=False, enabled=True)
app_create(number={disabled}, name="Old", enabled=False)
"""


@dataclass(frozen=True)
class Account:
    """An account: user name, id, a service token, and the key of a browser session."""

    name: str
    id: str
    token: str
    session: str

    @property
    def cookie(self) -> str:
        return f"sessionid={self.session}"

    @property
    def nickname(self) -> str:
        return self.name.capitalize()


class UserClient(Client):
    """A logged-in connection, with the data of its log-in reply."""

    name: str
    id: str
    nickname: str
    token: str
    room: str
    """The app's global channel."""
    app: int
    account: Account | None = None

    async def enter(self, data: Mapping[str, Any]) -> dict[str, Any]:
        reply: dict[str, Any] = await self.call("login", data)
        self.name, self.id, self.nickname = reply["userId"], reply["id"], reply["name"]
        self.room, self.app = reply["target"], reply["appId"]
        self.token = data.get("serviceToken") or reply.get("serviceToken", "")
        return reply

    async def group(self, *members: UserClient | Account, **fields: Any) -> str:
        """Create a group with these members; return its id."""
        fields = {"name": "Painters", **fields}
        names = [member.name for member in members]
        made = await self.call("channel.create", kind="public", members=names, **fields)
        return str(made["target"])

    async def private(self, other: UserClient | Account) -> str:
        """Open the private channel with a user; return its id."""
        return str((await self.call("channel.create", kind="private", members=[other.name]))["target"])

    async def say(self, target: str, text: str = "hello", **fields: Any) -> dict[str, Any]:
        """Send a message; return the reply's data."""
        reply: dict[str, Any] = await self.call("message.send", target=target, type="text", msg=text, **fields)
        return reply

    async def refused(self, cmd: str, **fields: Any) -> tuple[int, Any]:
        """Return code and data of the reply to a request that must be refused."""
        envelope: Envelope = await self.request(cmd, **fields)
        return envelope.code, envelope.data

    async def refusal(self, cmd: str, **fields: Any) -> tuple[int, str | None]:
        """Return code and reason of the reply to a request that must be refused."""
        envelope: Envelope = await self.request(cmd, **fields)
        return envelope.code, envelope.reason

    async def code(self, cmd: str, **fields: Any) -> int:
        return (await self.request(cmd, **fields)).code

    @property
    def as_person(self) -> dict[str, Any]:
        """Return the account as a `Person` of the protocol."""
        return {"userId": self.name, "id": self.id, "name": self.nickname, "avatar": "", "kind": "person"}


class SharedSite:
    """A running site with many unused accounts."""

    def __init__(self, site: Site, crowd: Mapping[str, int] = _CROWD) -> None:
        self.site = site
        self._shell = Shell(site.environment()) if site.code == commands.ROOT else CommandShell(site)
        self._numbers = itertools.count(1)
        self._made = dict.fromkeys(crowd, 0)
        self._unused: dict[str, list[Account]] = {name: [] for name in crowd}
        self.shell(_APPS.format(no_guests=APP_WITHOUT_GUESTS, disabled=DISABLED_APP))
        self._make(crowd)

    def _make(self, crowd: Mapping[str, int]) -> None:
        names = []
        for name, count in crowd.items():
            names += [f"{name}{self._made[name] + number}" for number in range(1, count + 1)]
            self._made[name] += count
        for row in reversed(json.loads(self.shell(_POPULATE.format(names=names)).strip().splitlines()[-1])):
            self._unused[row[0].rstrip("0123456789")].insert(0, Account(*row))

    def account(self, name: str = "alice") -> Account:
        """Return an account that no test has used. Its user name is `name` and a number."""
        if not self._unused[name]:
            self._make({name: 100})
        return self._unused[name].pop()

    def accounts(self, name: str, count: int) -> list[Account]:
        """Return this many unused accounts with that name, created now."""
        self._made.setdefault(name, 0)
        self._unused.setdefault(name, [])
        self._make({name: count})
        return [self._unused[name].pop() for _ in range(count)]

    def guest_name(self, name: str = "guest") -> str:
        return f"{name} {next(self._numbers)}"

    def shell(self, script: str) -> str:
        """Run Python in another process over the same data. The server does not get its announcements.

        Return the output.
        """
        return self._shell.run(script)

    def close(self) -> None:
        self._shell.close()

    def post(self, path: str, cookie: str, **fields: str) -> int:
        """Submit a form of the site's pages with that cookie; return the final status."""
        proof = "x" * 32
        request = urllib.request.Request(
            self.site.url + path,
            data=urllib.parse.urlencode({"csrfmiddlewaretoken": proof, **fields}).encode(),
            headers={"Cookie": f"{cookie}; csrftoken={proof}"},
        )
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
            return int(answer.status)


class Clients:
    """Opens connections to the shared site; the fixture closes them."""

    def __init__(self, shared_site: SharedSite) -> None:
        self.shared_site = shared_site
        self.clients: list[UserClient] = []

    async def __call__(self, *names: str, activity: bool = False) -> list[UserClient]:
        """Return connections of unused accounts with these names, logged in on app 101.

        `activity`: they ask for pushes of what others are doing.
        """
        return [await self.login(self.shared_site.account(name), activity=activity) for name in names]

    async def stranger(self, **how: Any) -> UserClient:
        """Return a connection without a log-in. `how`: at (a URL), origin, cookie, query, address (the client's)."""
        url, query, address = how.pop("at", self.shared_site.site.acc), how.pop("query", ""), how.pop("address", None)
        options: dict[str, Any] = {"local_addr": (address, 0)} if address else {}
        headers = {name.capitalize(): value for name, value in how.items() if value is not None}
        socket = await connect(
            url + query,
            additional_headers=headers,
            compression=None,
            max_size=None,
            proxy=None,
            open_timeout=TIMEOUT_SECONDS,
            ping_interval=None,
            **options,
        )
        person = UserClient(socket)
        self.clients.append(person)
        return person

    async def login(
        self, account: Account, *, app: int = 101, after: int | None = None, activity: bool = False, **how: Any
    ) -> UserClient:
        person = await self.stranger(**how, **({"query": "?activity=1"} if activity else {}))
        await person.enter({"appId": app, "serviceToken": account.token} | ({} if after is None else {"after": after}))
        person.account = account
        return person

    async def again(self, person: UserClient, **how: Any) -> UserClient:
        """Return another connection of the same user, account or guest."""
        app, after = how.pop("app", person.app), how.pop("after", None)
        other = await self.stranger(**how)
        await other.enter({"appId": app, "serviceToken": person.token} | ({} if after is None else {"after": after}))
        other.account = person.account
        return other

    async def guest(self, name: str | None = None, *, app: int = 101, **how: Any) -> UserClient:
        person = await self.stranger(**how)
        await person.enter({"appId": app, "userId": name or self.shared_site.guest_name()})
        return person
