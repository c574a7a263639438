"""Embedding pages get the script, the style sheet, a token of the session, and the reason for a refusal."""

from __future__ import annotations

import pytest
from django.template import Context, Template
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.actions import app_create
from accounts.models import User
from chat.actions.channel import channel_create_global, channel_create_group
from chat.errors import ChatError
from chat.models import Channel
from chat.widgets.selectors import widget_user
from chat.widgets.tokens import read_widget_token

pytestmark = pytest.mark.django_db

OWN = "http://testserver"


@pytest.fixture
def group(alice: User) -> Channel:
    channel_create_global(app=app_create(number=101, name="Web"))
    return channel_create_group(creator=alice, name="Questions")


@pytest.mark.parametrize("path", ["/widget.js", "/widget.css"])
def test_any_page_may_load_the_files_without_a_cookie(client: Client, path: str) -> None:
    response = client.get(path, headers={"Origin": "https://shop.example"})

    assert response.status_code == 200
    assert response["Access-Control-Allow-Origin"] == "*"
    assert response["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert response["Cache-Control"] == "public, max-age=300"
    assert not response.cookies
    assert client.get(path, headers={"If-None-Match": response["ETag"]}).status_code == 304


def test_the_script_is_classic_and_leaves_no_global_names(client: Client) -> None:
    script = client.get("/widget.js").content.decode()
    assert script.startswith('(() => { "use strict";\n') and script.endswith("})();\n")
    assert "sourceMappingURL" not in script


def test_the_session_gives_a_token_for_this_sites_pages(client: Client, alice: User, group: Channel) -> None:
    client.force_login(alice)
    client.get("/accounts/profile/")
    response = client.get("/widget/token/", {"channel": group.pk})

    token = read_widget_token(response.json()["token"], origin=OWN)
    assert (token.user_id, token.channel) == (alice.pk, group.pk)
    assert "Access-Control-Allow-Origin" not in response
    assert "no-store" in response["Cache-Control"]


def test_a_token_ends_with_its_session(client: Client, alice: User, group: Channel) -> None:
    alice.set_password("password-1")
    alice.save()
    form = {"username": alice.username, "password": "password-1"}
    assert client.post("/accounts/login/", form).status_code == 302
    token = read_widget_token(client.get("/widget/token/", {"channel": group.pk}).json()["token"], origin=OWN)
    assert widget_user(token, 101).user == alice

    client.post("/accounts/logout/")

    with pytest.raises(ChatError, match="no valid access"):
        widget_user(token, 101)


@pytest.mark.parametrize("channel", ["", "x", "0", "999999999", "1\x00", "9" * 30])
def test_a_channel_that_the_user_cannot_see_is_refused(client: Client, alice: User, channel: str) -> None:
    client.force_login(alice)
    response = client.get("/widget/token/", {"channel": channel})
    assert (response.status_code, response.json()["reason"]) == (404, "channel_not_found")


def test_nobody_gets_a_token_without_signing_in(client: Client) -> None:
    response = client.get("/widget/token/", {"channel": "1"})
    assert (response.status_code, response.json()["reason"]) == (401, "login_required")


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [("https://shop.example", True), (OWN, True), ("https://evil.example", False), ("null", False)],
)
def test_a_page_learns_whether_it_may_embed_a_channel(
    client: Client, settings: Settings, origin: str, allowed: bool
) -> None:
    settings.IM_WIDGET_ORIGINS = ["https://shop.example"]
    response = client.get("/widget/status/", headers={"Origin": origin})

    assert response.json()["allowed"] is allowed
    assert response.json().get("reason") == (None if allowed else "widget_origin_not_allowed")
    assert response["Access-Control-Allow-Origin"] == "*"


def test_the_template_tag_escapes_its_arguments(group: Channel) -> None:
    template = Template(
        '{% load imsite_widget %}{% imsite_widget channel mode="comments" lang=language floating=True %}'
    )

    shown = template.render(Context({"channel": group.pk, "language": '"><script>'}))

    assert shown == (
        f'<script src="/widget.js" data-channel="{group.pk}" data-floating=""'
        ' data-lang="&quot;&gt;&lt;script&gt;" data-mode="comments" async></script>'
    )
