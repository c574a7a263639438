"""Sign-ins with a provider: returns that are used twice, several at once, and where a refused one goes on.

tests/attacks/test_12_oauth.py covers what must not sign anybody in.
"""

from __future__ import annotations

import re
from dataclasses import replace
from threading import Thread
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings as django_settings
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.actions import user_deactivate, user_register
from accounts.models import User
from tests.support.account_pages import sign_in
from tests.support.fixtures.users import PASSWORD
from tests.support.identity_provider import Identity, IdentityProvider
from tests.support.oauth_sign_in import return_address, signed_in
from tests.support.second_factor import STEP, add_app, app_code

WAYS = ["github", "google", "sso", "wechat"]
NEXT = "/accounts/profile/?a=1&b=2"
SESSION = django_settings.SESSION_COOKIE_NAME


def tab_of(client: Client) -> Client:
    """Return a client with the cookies that the browser has at this moment."""
    tab = Client()
    for name, cookie in client.cookies.items():
        tab.cookies[name] = cookie.value
    return tab


@pytest.mark.parametrize("way", WAYS)
def test_a_reload_after_the_sign_in_leads_to_its_page(provider: IdentityProvider, way: str) -> None:
    client = Client()
    back = return_address(client, way, next=NEXT)
    for _ in range(3):
        assert client.get(back)["Location"] == NEXT
    assert signed_in(client) is not None and User.objects.count() == 1


def test_a_user_with_a_second_factor_is_asked_for_it_after_the_provider(provider: IdentityProvider) -> None:
    first = Client()
    first.get(return_address(first, "github"))
    user = User.objects.get(username=signed_in(first))
    secret, _ = add_app(user)
    client = Client()
    back = return_address(client, "github", next=NEXT)
    for _ in range(2):
        assert client.get(back)["Location"] == STEP and signed_in(client) is None
    assert client.post(STEP, {"code": app_code(secret)})["Location"] == NEXT
    assert signed_in(client) == user.username and client.get(back)["Location"] == NEXT


@pytest.mark.parametrize("way", WAYS)
def test_the_losing_one_of_two_returns_signs_nobody_out(provider: IdentityProvider, way: str) -> None:
    client = Client()
    client.get(return_address(client, way))
    client.post("/accounts/logout/")
    back = return_address(client, way, next=NEXT)
    late = tab_of(client)
    client.get(back)
    refusal = late.get(back)
    assert refusal.status_code == 400 and SESSION not in refusal.cookies
    assert signed_in(client) is not None
    # A moment later, the browser asks again with the cookies of the first answer.
    seconds, _, again = refusal["Refresh"].partition("; url=")
    assert int(seconds) <= 2 and client.get(again)["Location"] == NEXT
    last = tab_of(late).get(again)
    assert last.status_code == 400 and "Refresh" not in last
    assert signed_in(late) is None


@pytest.mark.django_db(transaction=True)
def test_two_returns_at_once_sign_in_once(provider: IdentityProvider) -> None:
    client = Client()
    back = return_address(client, "github")
    tabs = [tab_of(client), tab_of(client)]
    answers: dict[Client, Any] = {}
    threads = [Thread(target=lambda tab=tab: answers.update({tab: tab.get(back)})) for tab in tabs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers.values()) == [302, 400]
    assert sorted(signed_in(tab) or "" for tab in tabs) == ["", "octo-alice"]


@pytest.mark.parametrize("second", ["github", "google"])
def test_two_sign_ins_of_one_browser_at_once_are_both_kept(provider: IdentityProvider, second: str) -> None:
    """Both requests begin before either has been answered, in a browser without a session."""
    browser, backs = Client(), []
    for way, subject in (("github", "1"), (second, "2")):
        provider.identity = Identity(
            subject=subject, login=f"octo-{subject}", name=f"Octo {subject}", email=f"{subject}@example.org"
        )
        tab = Client()
        backs.append(return_address(tab, way, next=NEXT))
        browser.cookies.update(tab.cookies)
    for back in backs:
        assert browser.get(back)["Location"] == NEXT


def test_a_sign_in_survives_one_in_another_tab(provider: IdentityProvider, alice: User) -> None:
    client = Client()
    back = return_address(client, "github", next=NEXT)
    sign_in(client, "alice")
    assert client.get(back)["Location"] == NEXT
    assert signed_in(client) == "octo-alice"


def test_a_browser_keeps_a_few_unfinished_sign_ins(provider: IdentityProvider) -> None:
    client = Client()
    backs = [return_address(client, "github", next="/" + "x" * 499) for _ in range(7)]
    kept = [cookie for name, cookie in client.cookies.items() if name.startswith("oauth_") and cookie.value]
    assert len(kept) == 5 and sum(len(cookie.OutputString()) for cookie in kept) < 6000
    assert all(cookie["httponly"] and cookie["samesite"] == "Lax" and cookie["max-age"] == 1800 for cookie in kept)
    assert client.get(backs[-1]).status_code == 302


def test_a_forged_cookie_starts_nothing(provider: IdentityProvider) -> None:
    client = Client()
    back = return_address(client, "github")
    (name,) = (name for name in client.cookies if name.startswith("oauth_"))
    client.cookies[name] = client.cookies[name].value[:-1] + "A_"
    provider.requested_paths.clear()
    assert client.get(back).status_code == 400 and not provider.requested_paths


@pytest.mark.parametrize("way", WAYS)
def test_a_user_who_denies_can_go_on_to_the_page_asked_for(provider: IdentityProvider, way: str) -> None:
    client = Client()
    page = client.get(return_address(client, way, answer="deny", next=NEXT))
    assert page.status_code == 403
    assert f'href="/accounts/login/?next={quote(NEXT, safe="")}"' in page.content.decode()


@pytest.mark.parametrize("way", WAYS)
def test_a_user_who_denied_can_go_back_and_allow(provider: IdentityProvider, way: str) -> None:
    client = Client()
    allowed = return_address(client, way, next=NEXT)
    state = re.search(r"state=\w+", allowed)
    assert state
    client.get(f"/accounts/oauth/{way}/done/?error=access_denied&{state[0]}")
    assert client.get(allowed)["Location"] == NEXT


def test_no_refusal_forgets_the_page_asked_for(provider: IdentityProvider, settings: Settings) -> None:
    kept = f"/accounts/login/?next={quote(NEXT, safe='')}"
    client = Client()
    provider.failing_path = "token"
    assert kept in client.get(return_address(client, "github", next=NEXT)).content.decode()
    provider.failing_path = ""
    settings.IM_REGISTRATION = False
    assert kept in client.get(return_address(client, "github", next=NEXT)).content.decode()
    assert kept in client.get("/accounts/register/", {"next": NEXT}).content.decode()
    settings.IM_REGISTRATION = True
    client.get(return_address(client, "github"))
    user_deactivate(user_id=User.objects.get().pk)
    client = Client()
    assert kept in client.get(return_address(client, "github", next=NEXT)).content.decode()


def test_two_sign_ups_of_one_browser_stay_apart(provider: IdentityProvider) -> None:
    for taken in ("octo-alice", "octo-bob"):
        user_register(username=taken, password=PASSWORD)
    client, pages = Client(), []
    for subject, login in (("1", "octo-alice"), ("2", "octo-bob")):
        provider.identity = replace(provider.identity, subject=subject, login=login)
        pages.append(client.get(return_address(client, "github", next=f"/{subject}"), follow=True).content.decode())
    keys = [re.search(r'name="sign_up" value="(\w+)"', page) for page in pages]
    assert keys[0] and keys[1] and keys[0][1] != keys[1][1]
    form = {"username": "first", "nickname": "", "sign_up": keys[0][1]}
    assert client.post("/accounts/oauth/sign-up/", form)["Location"] == "/1"
    assert User.objects.get(social_auth__uid="1").username == "first"
    assert not User.objects.filter(social_auth__uid="2").exists()


def test_going_back_from_the_choice_of_a_name_returns_to_it(provider: IdentityProvider) -> None:
    user_register(username="octo-alice", password=PASSWORD)
    client = Client()
    back = return_address(client, "github", next=NEXT)
    for _ in range(2):
        assert client.get(back)["Location"] == "/accounts/oauth/sign-up/"
    assert client.post("/accounts/oauth/sign-up/", {"username": "free", "nickname": ""})["Location"] == NEXT
    assert client.get(back)["Location"] == NEXT
