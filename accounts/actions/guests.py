"""Guests: created many at a time with their tokens, or one for a browser session."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, UNUSABLE_PASSWORD_SUFFIX_LENGTH
from django.utils import timezone
from knox.models import AuthToken, get_digest_token
from knox.settings import CONSTANTS

from accounts.actions.devices import clean_address
from accounts.actions.user_persistence import insert_user
from accounts.credentials import token_credential
from accounts.errors import NameTaken
from accounts.models import Device, User
from accounts.names import GUEST_PREFIX, check_guest_name
from accounts.selectors.users import guest_names_taken
from delivery.db.bulk import execute_batch, insert_instances, insert_numbered_instances, inserted_ids
from delivery.db.transactions import write


@dataclass(frozen=True, slots=True)
class NewGuest:
    """A guest to be created: a name that `check_guest_name` allows, the app's row id and the client's address."""

    name: str
    app_id: int
    address: str


@dataclass(frozen=True, slots=True)
class CreatedGuest:
    """A new guest and its token: the secret in plain text, which is available only here, its credential and expiry."""

    user: User
    token: str = field(repr=False)
    credential: str
    expires: datetime


def guest_create(*, name: str) -> User:
    """Create a guest that is shown as `name`. Several guests may have the same name; each is a user of its own.

    Raises BadName, and NameTaken if an account has the name. A guest has no password and returns by token or session.
    """
    guest = _new_guest(check_guest_name(name))
    if guest_names_taken([name]):
        raise NameTaken
    with write():
        insert_user(guest)
    return guest


def guests_create(wanted: Sequence[NewGuest]) -> list[CreatedGuest | NameTaken]:
    """Create guests with their tokens, in one transaction of a few statements.

    Returns for each of them the guest, or NameTaken if an account has the name. Names and apps are not checked.
    No look-up can have kept a user or a token that is only being created, so Django's signals are not needed.
    """
    taken = guest_names_taken([new.name for new in wanted])
    guests = {index: _new_guest(new.name) for index, new in enumerate(wanted) if new.name not in taken}
    if not guests:
        return [NameTaken() for _ in wanted]
    created: dict[int, CreatedGuest] = {}
    with write():
        *_, rows = execute_batch(insert_numbered_instances(list(guests.values())))
        tokens, devices = [], []
        for (index, guest), pk in zip(guests.items(), inserted_ids(rows, len(guests)), strict=True):
            guest.pk, guest._state.adding, guest._state.db = pk, False, "default"
            token, secret = _new_token(guest)
            device = _device(wanted[index], token)
            tokens.append(token)
            devices.append(device)
            created[index] = CreatedGuest(guest, secret, device.credential, token.expiry)
        execute_batch([*insert_instances(tokens), *insert_instances(devices)])
    return [created.get(index) or NameTaken() for index in range(len(wanted))]


def _new_guest(name: str) -> User:
    guest = User(
        username=GUEST_PREFIX + secrets.token_hex(10),
        nickname=name,
        kind=User.Kind.GUEST,
        # As `make_password(None)`, at a fortieth of its cost.
        password=UNUSABLE_PASSWORD_PREFIX + secrets.token_hex(UNUSABLE_PASSWORD_SUFFIX_LENGTH // 2),
    )
    guest.update_keys()
    return guest


def _new_token(user: User) -> tuple[AuthToken, str]:
    digest, secret = get_digest_token()
    now = timezone.now()
    token = AuthToken(
        digest=digest,
        token_key=secret[: CONSTANTS.TOKEN_KEY_LENGTH],
        user=user,
        created=now,
        expiry=now + timedelta(days=settings.IM_TOKEN_DAYS),
    )
    return token, str(secret)


def _device(new: NewGuest, token: AuthToken) -> Device:
    return Device(
        user=token.user,
        kind=Device.Kind.TOKEN,
        credential=token_credential(token.digest),
        app_id=new.app_id,
        address=clean_address(new.address),
    )
