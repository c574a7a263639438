"""Well-formed and malformed calls cause no 5xx and only answers that the served document describes."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
import schemathesis.specs.openapi.schemas  # A lazy import during the run may fail on CPython 3.11.
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from chat.api.v1 import urls as v1
from chat.api.v1.uploads import PART_TYPE
from imsite.api_docs import openapi
from tests.support.fixtures.sites import SiteFactory

EXAMPLES = int(os.environ.get("SCHEMA_EXAMPLES", "12"))
"""Calls of each operation: this many valid ones and as many invalid ones."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]


@schemathesis.serializer(PART_TYPE)
def _serialize_part(context: schemathesis.SerializationContext, value: Any) -> Any:
    return value if isinstance(value, bytes) else str(value).encode()


PERMISSIONS = {"chat.speak_for_others", "chat.manage_channels"} | {
    permission
    for pattern in v1.urlpatterns
    for permission in pattern.callback.cls.permissions.values()
    if permission is not None
}
"""All permissions that any of the calls needs."""


_SETTLE = """
import json
from accounts.actions import user_register, service_create, service_token_create, token_issue
from accounts.models import User
from chat.actions.channel import channel_create_group
from chat.webhooks.incoming.actions import incoming_webhook_create
from chat.actions.upload import upload_create
from chat.actions.message import message_draft, message_send_now

service = service_create(username="tester", permissions={permissions!r})
alice, bob = (user_register(username=name, nickname=name, password="correct horse") for name in ("alice", "bob"))
group = channel_create_group(creator=service, name="Painters", members=["alice", "bob"], join="open", listed=True)
said = message_send_now(message_draft(sender=service.pk, channel=group.pk, text="hello"))
hook, secret = incoming_webhook_create(creator=service, name="builds", channel_id=group.pk)
upload = upload_create(user=service, size=1000)
token = service_token_create(service=service, name="schema").token
print(json.dumps([token, token_issue(user=alice), secret, str(bob.pk), str(group.pk), str(said.id), upload.key]))
"""
"""Creates the objects of the calls."""


@dataclass(frozen=True)
class Fuzzed:
    """A running site, its document, and existing objects."""

    schema: Any
    session: requests.Session
    """Keeps its connections."""
    log: Path
    """The log of the site, mainly for faults."""
    headers: dict[str, str]
    """Headers of a service with every permission, and of a user, for the calls of either."""
    real: dict[str, list[Any]]
    """Valid values by the name of the parameter or field."""

    def ground(self, fields: Any, dice: random.Random) -> None:
        """Replace about half of the fields by valid values: random ones refer to nothing and are refused early."""
        if isinstance(fields, list):
            for item in fields:
                self.ground(item, dice)
        elif isinstance(fields, dict):
            for name, value in fields.items():
                if name in self.real and dice.random() < 0.5:
                    fields[name] = dice.choice(self.real[name])
                else:
                    self.ground(value, dice)


@pytest.fixture(scope="module")
def fuzzed(site_factory: SiteFactory) -> Iterator[Fuzzed]:
    with site_factory(IM_INCOMING_WEBHOOK_RATE="20000", IM_INCOMING_WEBHOOK_BURST="20000") as site:
        printed = site.manage("shell", "--no-imports", "-c", _SETTLE.format(permissions=sorted(PERMISSIONS)))
        token, person, secret, bob, group, message, upload = json.loads(printed.strip().splitlines()[-1])
        real: dict[str, list[Any]] = {
            "channel_id": [group],
            "channel": [group],
            "group_id": [group],
            "message_id": [message],
            "friend_id": [bob],
            "ids": [[bob]],
            "name": ["alice", "bob", "admin"],
            "userID": ["alice"],
            "as": ["alice"],
            "members": [["alice"], ["bob", "nobody"]],
            "users": [["alice", "bob"]],
            "app": [101, 102],
            "appID": [101],
            "secret": [secret],
            "key": [upload],
            "to": [
                {"channel": group},
                {"user": "alice"},
                {"users": ["alice", "nobody"]},
                {"app": 101},
                {"everyone": True},
            ],
            "q": ["hello", "a"],
        }
        headers = {"Authorization": f"Token {token}", "token": person}
        schema = schemathesis.openapi.from_url(f"{site.url}/api/schema/")
        with requests.Session() as session:
            # No cookie, proxy or password file of this machine.
            session.trust_env = False
            yield Fuzzed(schema, session, site.log, headers, real)


def _names() -> list[str]:
    paths = openapi.document()["paths"].items()
    return [f"{method.upper()} {path}" for path, methods in paths for method in methods]


def _takes_away(name: str) -> bool:
    return name.startswith("DELETE")


# Deleting calls come last, or the others would find nothing.
each_operation = pytest.mark.parametrize("name", sorted(set(_names()), key=lambda name: (_takes_away(name), name)))


def fuzz(strategy: Any, try_it: Callable[[Any], None], examples: int = EXAMPLES) -> None:
    """Try this many examples, the same ones in each run."""

    @seed(20261120)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def attempt(drawn: Any) -> None:
        try_it(drawn)

    attempt()


@each_operation
@pytest.mark.each_database
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["as described", "otherwise"])
def test_every_answer_is_described(fuzzed: Fuzzed, name: str, mode: GenerationMode) -> None:
    method, path = name.split()
    operation = fuzzed.schema[path][method]
    described = openapi.document()["paths"][path][method.lower()]
    if not described.get("parameters") and "requestBody" not in described:
        # There is nothing that can be otherwise.
        mode = GenerationMode.POSITIVE

    def call(drawn: tuple[Case, random.Random]) -> None:
        case, dice = drawn
        for fields in (case.path_parameters, case.query, case.body if mode is GenerationMode.POSITIVE else None):
            fuzzed.ground(fields, dice)
        case.call_and_validate(checks=CHECKS, headers=fuzzed.headers)
        # Some calls answer faults with 200 and a code, and a bulk call has a result for each item.
        assert "call_error" not in fuzzed.log.read_text()[said_before:]

    said_before = len(fuzzed.log.read_text())
    fuzz(st.tuples(operation.as_strategy(generation_mode=mode), st.randoms(use_true_random=False)), call)


@pytest.mark.parametrize("name", [name for name in sorted(_names()) if "/api/v1/" in name])
def test_every_call_needs_a_token(fuzzed: Fuzzed, name: str) -> None:
    method, path = name.split()

    def call(case: Case) -> None:
        response = case.call_and_validate(checks=CHECKS, session=fuzzed.session)
        assert response.status_code == 401

    fuzz(fuzzed.schema[path][method].as_strategy(), call, examples=2)
