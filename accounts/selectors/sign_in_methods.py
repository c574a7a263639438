"""Reads of a user's sign-in methods: devices, OAuth links, email addresses."""

from __future__ import annotations

from typing import NamedTuple

from social_django.models import UserSocialAuth

from accounts.models import Device, User
from accounts.models.user import LDAP_PASSWORD_PREFIX

LDAP_PROVIDER = "ldap"
"""The provider of links with entries of an LDAP directory."""


def user_by_oauth_link(provider: str, subject: str) -> User | None:
    """Return the user linked with this account at a provider, active or not."""
    link = UserSocialAuth.objects.select_related("user").filter(provider=provider, uid=subject).first()
    return link.user if link is not None else None


def user_by_ldap_subject(subject: str) -> User | None:
    """Return the user linked with this entry of the directory, active or not."""
    return user_by_oauth_link(LDAP_PROVIDER, subject)


def ldap_subject(user: User) -> str | None:
    """Return the subject of the entry that the user is linked with."""
    links = UserSocialAuth.objects.filter(provider=LDAP_PROVIDER, user=user)
    return links.values_list("uid", flat=True).first()


class LdapAccount(NamedTuple):
    """An account whose password is in the directory."""

    user_id: int
    username: str
    is_active: bool
    subject: str


def ldap_accounts() -> list[LdapAccount]:
    """Return all accounts whose password is in the directory, without deleted ones."""
    links = UserSocialAuth.objects.filter(provider=LDAP_PROVIDER, user__password__startswith=LDAP_PASSWORD_PREFIX)
    links = links.filter(user__deleted_at=None)
    rows = links.order_by("user_id").values_list("user_id", "user__username", "user__is_active", "uid")
    return [LdapAccount(*row) for row in rows]


def linked_providers(user: User) -> set[str]:
    """Return the backend names of the user's linked providers, whether or not they are enabled."""
    return set(UserSocialAuth.objects.filter(user=user).values_list("provider", flat=True))


def email_taken(email: str) -> bool:
    """Return whether an account has this address."""
    return bool(email) and User.objects.filter(email=email.lower()).exists()


def devices(user: User) -> list[Device]:
    """Return the user's signed-in browsers and tokens, the most recently used first."""
    rows = Device.objects.filter(user=user).select_related("app", "created_by")
    return sorted(rows, key=lambda device: device.last_seen_at or device.created_at, reverse=True)


def device_by_id(user: User, device_id: int) -> Device | None:
    """Return a device of the user. Devices of other users are not found."""
    return Device.objects.filter(user=user, pk=device_id).first()


def oauth_links(user: User) -> list[UserSocialAuth]:
    """Return the user's links with accounts at OAuth providers."""
    return list(UserSocialAuth.objects.filter(user=user).order_by("pk"))
