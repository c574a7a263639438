"""Whom a link is made for: who began it, if they are still the one who is signed in."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.test import RequestFactory

from accounts.actions import guest_create
from accounts.models import User
from accounts.oauth.flow import OAuthRefused, require_link_owner


def _by(user: User | AnonymousUser) -> HttpRequest:
    request = RequestFactory().get("/")
    request.user = user
    return request


def test_who_began_it_is_linked(alice: User) -> None:
    assert require_link_owner(_by(alice), alice.pk) == alice


def test_nobody_else_is(alice: User, bob: User) -> None:
    guest = guest_create(name="Guest")
    for user, person in ((bob, alice.pk), (AnonymousUser(), alice.pk), (guest, guest.pk)):
        with pytest.raises(OAuthRefused):
            require_link_owner(_by(user), person)
