"""Attack 11: an attacker obtains an API token, or uses one that has ended.

Only its hash is stored, and it is shown once, to its creator. It is accepted in the header only, never in a URL, a
form or a cookie. No log contains it. A revoked token is refused on every call and on open connections.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
import pytest_asyncio

from tests.support.fixtures.sites import SiteFactory
from tests.support.promised import promised
from tests.support.protobuf_client import ProtobufClient
from tests.support.shared_site import Account, Clients, SharedSite, UserClient
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = pytest.mark.each_database

TOKENS = "/admin/knox/authtoken/"
NAMES = ["token", "access_token", "api_key", "apikey", "auth", "Authorization", "serviceToken", "service_token"]
"""Names that programs use for a token in a wrong place."""
OPERATOR = "from accounts.models import User; User.objects.filter(pk={id}).update(is_staff=True, is_superuser=True)"
SERVICE = """
from accounts.actions import service_create
print(service_create(username={name!r}, permissions=["chat.use_gateway", "chat.view_state"]).pk)
"""
EVERYTHING = """
from django.db import connection
with connection.cursor() as cursor:
    for table in connection.introspection.table_names(cursor):
        cursor.execute("SELECT * FROM " + connection.ops.quote_name(table))
        for row in cursor.fetchall():
            print(table, [bytes(one) if isinstance(one, memoryview) else one for one in row])
"""


@dataclass(frozen=True)
class Reply:
    status: int
    text: str

    @property
    def data(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True)
class Shop:
    """A service, its id, and the token that an operator has created for it."""

    name: str
    id: int
    token: str


def ask(shared_site: SharedSite, method: str, path: str, form: dict[str, Any] | None = None, **headers: str) -> Reply:
    """Send one HTTP request without following redirects."""
    body = None if form is None else urlencode(form)
    kind = {} if form is None else {"Content-Type": "application/x-www-form-urlencoded"}
    with closing(http.client.HTTPConnection("127.0.0.1", shared_site.site.port, timeout=TIMEOUT_SECONDS)) as link:
        link.request(method, path, body, {**kind, **headers})
        answer = link.getresponse()
        return Reply(answer.status, answer.read().decode())


def submit(shared_site: SharedSite, path: str, cookie: str, form: dict[str, Any]) -> Reply:
    """Submit a form of the site's pages as the browser with this cookie."""
    proof = "x" * 32
    return ask(shared_site, "POST", path, {"csrfmiddlewaretoken": proof, **form}, Cookie=f"{cookie}; csrftoken={proof}")


@pytest.fixture(scope="module")
def shared_site(site_factory: SiteFactory) -> Iterator[SharedSite]:
    """Run a site that logs everything and requires a token of every program."""
    site = site_factory(IM_LOG_LEVEL="DEBUG", IM_OPEN_GATEWAY="", IM_PRESENCE_GRACE_SECONDS="0.1")
    with closing(SharedSite(site, {"alice": 10, "bob": 10})) as made, site:
        yield made


@pytest.fixture
def olga(shared_site: SharedSite) -> Account:
    """Return an operator's account."""
    account = shared_site.account()
    shared_site.shell(OPERATOR.format(id=account.id))
    return account


@pytest.fixture
def shop(shared_site: SharedSite, olga: Account) -> Shop:
    name = shared_site.guest_name("shop").replace(" ", "-")
    pk = int(shared_site.shell(SERVICE.format(name=name)))
    page = submit(shared_site, f"{TOKENS}add/", olga.cookie, {"user": pk, "name": "Till 1", "days": 30})
    found = re.search(r"\b[0-9a-f]{64}\b", page.text)
    assert page.status == 200 and found is not None
    return Shop(name, pk, found.group())


@pytest_asyncio.fixture
async def phone(shared_site: SharedSite, shop: Shop) -> AsyncIterator[ProtobufClient]:
    """Return the shop's connection on `/ws`."""
    client = await ProtobufClient.connect(shared_site.site.acc.replace("/acc", "/ws"), shop.id)
    assert (await client.login(shop.token, sync=0)).code == 200
    yield client
    await client.close()


async def log_in_on_acc(clients: Clients, shop: Shop) -> UserClient:
    person = await clients.stranger()
    await person.enter({"appId": 101, "serviceToken": shop.token})
    return person


def leaked_parts(text: str, *tokens: str) -> list[str]:
    """Return the pieces of the tokens in the text that are longer than the lookup prefix of a row."""
    pieces = [token[start : start + 16] for token in tokens for start in range(len(token) - 15)]
    return [piece for piece in pieces if piece in text]


def rest(shared_site: SharedSite, token: str, scheme: str = "Bearer") -> Reply:
    return ask(shared_site, "GET", "/api/v1/nodes/", Authorization=f"{scheme} {token}")


def gateway(shared_site: SharedSite, token: str) -> Reply:
    return ask(shared_site, "GET", "/user/list?appID=101", Authorization=f"Token {token}")


def ws_call(shared_site: SharedSite, token: str, group: str) -> Reply:
    return ask(shared_site, "GET", f"/group_user/list?group_id={group}", token=token)


# -- storage and display ----------------------------------------------------------------------------------------------


def test_the_database_contains_no_token(shared_site: SharedSite, shop: Shop) -> None:
    account = shared_site.account("bob")
    assert rest(shared_site, shop.token).status == 200
    kept = shared_site.shell(EVERYTHING)

    assert shop.name in kept and account.session in kept, "all of it was read"
    # Its prefix is stored, to find the row; the remaining 49 digits cannot be guessed.
    assert leaked_parts(kept, shop.token, account.token) == []
    digest = re.search(rf"knox_authtoken .*'([0-9a-f]{{128}})'.*{shop.token[:15]}", kept)
    assert digest is not None
    assert rest(shared_site, digest.group(1)).status == 401, "nor is the hash a token"


def test_a_token_is_shown_once(shared_site: SharedSite, olga: Account, shop: Shop) -> None:
    for path in (
        TOKENS,
        f"{TOKENS}add/",
        "/admin/",
        "/admin/admin/logentry/",
        f"/admin/accounts/service/{shop.id}/change/",
    ):
        page = ask(shared_site, "GET", path, Cookie=olga.cookie)
        assert page.status == 200 and shop.token[:15] not in page.text, path
    assert "Till 1" in ask(shared_site, "GET", TOKENS, Cookie=olga.cookie).text


# -- accepted places --------------------------------------------------------------------------------------------------


def test_a_token_is_accepted_in_its_header(shared_site: SharedSite, shop: Shop) -> None:
    assert [rest(shared_site, shop.token, scheme).status for scheme in ("Bearer", "Token")] == [200, 200]
    assert gateway(shared_site, shop.token).data["code"] == 200


@pytest.mark.parametrize("name", NAMES)
def test_a_token_in_a_url_a_form_or_a_cookie_is_ignored(shared_site: SharedSite, shop: Shop, name: str) -> None:
    person = shared_site.account("bob").token
    for value in (shop.token, f"Bearer {shop.token}", f"Token {shop.token}"):
        query = urlencode({name: value})
        assert ask(shared_site, "GET", f"/api/v1/nodes/?{query}").status == 401
        assert ask(shared_site, "GET", "/api/v1/nodes/", Cookie=f"{name}={value}").status == 401
        assert ask(shared_site, "GET", f"/user/list?appID=101&{query}").data["code"] == 1003
        form = {"appID": 101, "userID": "bob", "msgID": name, "message": "x", name: value}
        assert ask(shared_site, "POST", "/user/sendMessageAll", form).data["code"] == 1003
    assert (
        ask(shared_site, "GET", f"/group_user/list?group_id=1&{name}={person}").data["msg"]
        == "This call needs a token."
    )
    assert (
        ask(shared_site, "POST", "/group/create", {"name": "x", name: person}).data["msg"] == "This call needs a token."
    )


@pytest.mark.parametrize("name", NAMES)
async def test_a_token_in_the_url_of_a_connection_is_ignored(clients: Clients, shop: Shop, name: str) -> None:
    person = await clients.stranger(query=f"?{urlencode({name: shop.token})}")
    assert await person.code("heartbeat") == 1000
    assert await person.code("message.send", type="text", msg="x") == 1000


# -- logs -------------------------------------------------------------------------------------------------------------


async def test_no_token_is_written_to_the_log(
    shared_site: SharedSite, clients: Clients, olga: Account, shop: Shop, phone: ProtobufClient
) -> None:
    """Valid, wrong, ended and misplaced tokens are tried, at the most detailed log level."""
    wrong = f"{shop.token[:-1]}{'0' if shop.token[-1] != '0' else '1'}"
    await log_in_on_acc(clients, shop)
    for token in (shop.token, wrong):
        for call in (rest(shared_site, token), gateway(shared_site, token), ws_call(shared_site, token, "0")):
            assert call.status in (200, 401) and token not in call.text
        assert ask(shared_site, "GET", f"/api/v1/nodes/?token={token}").status == 401
        assert ask(shared_site, "GET", f"/nowhere/?token={token}").status == 404
        assert ask(shared_site, "POST", "/user/sendMessage", {"token": token}).data["code"] == 1003
        stranger = await clients.stranger(query=f"?token={token}")
        assert await stranger.code("login", appId="x", serviceToken=token) == 1001
        assert await stranger.code("login", appId=101, serviceToken=token) == (200 if token == shop.token else 1003)

    assert (await asyncio.to_thread(revoke_token, shared_site, olga, shop)).status == 302
    assert await phone.closed() == 4001
    assert rest(shared_site, shop.token).status == 401

    log = shared_site.site.log.read_text(errors="replace")
    assert log, "it does write something down"
    assert leaked_parts(log, shop.token, wrong) == []


# -- revocation -------------------------------------------------------------------------------------------------------


def revoke_token(shared_site: SharedSite, olga: Account, shop: Shop) -> Reply:
    """Revoke a leaked token as an operator does."""
    digest = shared_site.shell(
        f"from knox.models import AuthToken; print(AuthToken.objects.get(user={shop.id}).digest)"
    ).strip()
    return submit(shared_site, TOKENS, olga.cookie, {"action": "revoke", "_selected_action": digest})


async def test_a_revoked_token_is_refused_everywhere_at_once(
    shared_site: SharedSite, clients: Clients, olga: Account, shop: Shop, phone: ProtobufClient
) -> None:
    [alice] = await clients("alice")
    group = await alice.group(Account(shop.name, str(shop.id), shop.token, ""))
    open_connections = [await log_in_on_acc(clients, shop) for _ in range(2)]
    assert (rest(shared_site, shop.token).status, gateway(shared_site, shop.token).data["code"]) == (200, 200)
    assert str(shop.id) in ws_call(shared_site, shop.token, group).data["data"]["ids"]
    assert (await phone.send("group", int(group), "before")).code == 200
    await alice.push("msg", msg="before")

    assert (await asyncio.to_thread(revoke_token, shared_site, olga, shop)).status == 302

    # This process knows of the revocation before it confirms it, so not a single call more is answered.
    assert (rest(shared_site, shop.token).status, gateway(shared_site, shop.token).data["code"]) == (401, 1003)
    assert ws_call(shared_site, shop.token, group).data == {"code": -1, "msg": "This token is not valid.", "data": {}}
    async with promised(5, shared_site.site):
        assert [await one.closed() for one in open_connections] == [4001, 4001]
        assert await phone.closed() == 4001
    assert await (await clients.stranger()).code("login", appId=101, serviceToken=shop.token) == 1003
    back = await ProtobufClient.connect(shared_site.site.acc.replace("/acc", "/ws"), shop.id)
    assert (await back.login(shop.token)).code == 1003
    await back.close()
    assert (await alice.call("channel.get", target=group))["lastSeq"] == 1


async def test_no_message_is_accepted_after_a_revocation_is_confirmed(
    shared_site: SharedSite, clients: Clients, olga: Account, shop: Shop
) -> None:
    """Calls have no connection that could close; no call is accepted after the operator's request is answered."""
    [alice] = await clients("alice")
    ending = asyncio.create_task(asyncio.to_thread(revoke_token, shared_site, olga, shop))
    accepted: list[bool] = []

    def send(number: int) -> int:
        form = {"appID": 101, "userID": alice.name, "msgID": f"{shop.name}-{number}", "message": str(number)}
        reply = ask(shared_site, "POST", "/user/sendMessage", form, Authorization=f"Token {shop.token}")
        code: int = reply.data["code"]
        return code

    async with asyncio.timeout(TIMEOUT_SECONDS):
        while True:
            ended = ending.done()
            code = await asyncio.to_thread(send, len(accepted))
            if code != 200:
                break
            accepted.append(ended)
    await ending

    assert code == 1003
    assert not any(accepted), "a call was answered after the revocation had been"
    heard = [one["lastSeq"] for one in (await alice.call("channel.list"))["channels"] if one["kind"] == "private"]
    assert heard == [len(accepted)]
