"""Users set a new password by mail, and the page reveals no accounts."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.test import Client
from pytest_django.fixtures import Settings

from accounts import mail as accounts_mail
from accounts import rate_limits
from accounts.actions import token_create, user_deactivate
from accounts.mail import wait_until_sent
from accounts.models import User
from accounts.selectors.users import user_by_token
from tests.accounts.conftest import Revocations
from tests.support.fixtures.users import PASSWORD

NEW = "a brand new password"


@pytest.fixture
def alice(alice: User) -> User:
    User.objects.filter(pk=alice.pk).update(email="alice@example.org")
    alice.refresh_from_db()
    return alice


def _request_reset(client: Client, email: str) -> str:
    page = client.post("/accounts/reset/", {"email": email}, follow=True).content.decode()
    wait_until_sent()
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page).replace(email, "ADDRESS")


def _link() -> str:
    found = re.search(r"http://testserver(/\S+)", mail.outbox[-1].body)
    assert found
    return found[1]


def _set_password(client: Client, link: str, password: str = NEW) -> str:
    page = client.get(link, follow=True)
    return client.post(
        page.request["PATH_INFO"], {"password": password, "password_confirmation": password}, follow=True
    ).content.decode()


def test_alice_sets_a_new_password(alice: User, client: Client, revocations: Revocations) -> None:
    token = token_create(user=alice).token
    _request_reset(client, "ALICE@example.org")
    assert mail.outbox[-1].to == ["alice@example.org"]
    assert "Your password has been changed." in _set_password(client, _link())
    alice.refresh_from_db()
    assert alice.check_password(NEW)
    assert user_by_token(token) is None and revocations(alice)[-1] == {"credential": None, "except": None}


def test_the_link_works_once(alice: User, client: Client) -> None:
    _request_reset(client, "alice@example.org")
    link = _link()
    _set_password(client, link)
    assert "expired or has already been used" in _set_password(Client(), link, "yet another one")
    alice.refresh_from_db()
    assert alice.check_password(NEW)


def test_a_forged_link_is_refused(alice: User, client: Client) -> None:
    _request_reset(client, "alice@example.org")
    link = _link()
    for wrong in (link.replace("-", "-x"), "/accounts/reset/MA/a-b/", "/accounts/reset/!/x/"):
        assert "expired or has already been used" in client.get(wrong, follow=True).content.decode()


def test_every_address_gets_the_same_answer(alice: User, bob: User) -> None:
    """The addresses of an active, an unknown and a deactivated account, a guest and a service get the same answer."""
    User.objects.filter(pk=bob.pk).update(email="bob@example.org")
    user_deactivate(user_id=bob.pk)
    answers = {
        _request_reset(Client(), email) for email in ("alice@example.org", "nobody@example.org", "bob@example.org")
    }
    assert len(answers) == 1 and "If an account has this address" in answers.pop()
    assert [message.to for message in mail.outbox] == [["alice@example.org"]]


def test_an_unknown_address_costs_the_same_work(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rendering and signing are done for every address; sending happens outside the request."""
    rendered: list[str] = []
    render = accounts_mail.render_to_string

    def counted(template: str, context: dict[str, object]) -> str:
        rendered.append(template)
        return render(template, context)

    monkeypatch.setattr(accounts_mail, "render_to_string", counted)
    queries: list[int] = []
    for email in ("alice@example.org", "nobody@example.org"):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as captured:
            Client().post("/accounts/reset/", {"email": email})
        queries.append(len(captured))
    wait_until_sent()
    assert len(rendered) == 2 and queries[0] == queries[1]


def test_a_user_deactivated_meanwhile_cannot_set_a_password(alice: User, client: Client) -> None:
    _request_reset(client, "alice@example.org")
    link = _link()
    user_deactivate(user_id=alice.pk)
    assert "expired or has already been used" in _set_password(client, link)


def test_the_password_policy_applies(alice: User, client: Client, settings: Settings) -> None:
    _request_reset(client, "alice@example.org")
    assert 'class="error"' in _set_password(client, _link(), "ab")
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


@pytest.mark.parametrize("by", ["address", "recipient"])
def test_mail_is_rate_limited_by_address_and_by_recipient(alice: User, settings: Settings, by: str) -> None:
    settings.IM_MAIL_RATE = 2
    rate_limits.mail_rate_limit.reset()
    for number in range(4):
        sender = "192.0.2.1" if by == "address" else f"192.0.2.{number}"
        whom = "alice@example.org" if by == "recipient" else f"somebody{number}@example.org"
        page = Client(REMOTE_ADDR=sender).post("/accounts/reset/", {"email": whom}, follow=True).content.decode()
        assert ("Too many attempts" in page) == (number >= 2)
    rate_limits.mail_rate_limit.reset()


def test_a_foreign_host_header_creates_no_link(alice: User, client: Client) -> None:
    assert (
        client.post("/accounts/reset/", {"email": "alice@example.org"}, headers={"Host": "evil.example"}).status_code
        == 400
    )
    wait_until_sent()
    assert not mail.outbox


def test_the_page_does_not_exist_without_mail(db: None, client: Client, settings: Settings) -> None:
    settings.MAIL_IS_SENT = False
    assert client.get("/accounts/reset/").status_code == 404
    assert "Forgot your password" not in client.get("/accounts/login/").content.decode()


def test_a_mail_failure_is_logged_without_the_address(
    alice: User, client: Client, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_BACKEND = "no.such.Backend"
    assert "If an account has this address" in _request_reset(client, "alice@example.org")
    assert "mail_failed" in caplog.text and "alice@example.org" not in caplog.text
