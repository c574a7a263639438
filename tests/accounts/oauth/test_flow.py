"""An account is linked only for the user who started the link and is still signed in."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.test import RequestFactory

from accounts.actions import guest_create
from accounts.models import User
from accounts.oauth.flow import OAuthRefused, require_link_owner


def _request_by(user: User | AnonymousUser) -> HttpRequest:
    request = RequestFactory().get("/")
    request.user = user
    return request


def test_a_link_is_made_for_the_user_who_started_it(alice: User) -> None:
    assert require_link_owner(_request_by(alice), alice.pk) == alice


def test_a_link_is_refused_for_anyone_else(alice: User, bob: User) -> None:
    guest = guest_create(name="Guest")
    for user, person in ((bob, alice.pk), (AnonymousUser(), alice.pk), (guest, guest.pk)):
        with pytest.raises(OAuthRefused):
            require_link_owner(_request_by(user), person)
