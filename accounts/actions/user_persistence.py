"""Helpers for writing user rows: lock, insert and update with clear conflict errors, normalize fields."""

from __future__ import annotations

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from accounts.errors import (
    BadEmail,
    BadPassword,
    BadPhone,
    EmailTaken,
    NameTaken,
    NoSuchUser,
    PhoneTaken,
    UnstorablePassword,
)
from accounts.models import User
from accounts.names import BadName, check_name, is_storable

_PHONE_MAX_LENGTH = 20


def lock_user(user_id: int) -> User:
    """Lock the user's row until the transaction ends. It is the first lock of every action that takes rights away.

    Raises NoSuchUser for an unknown id. Inserting rows that refer to the user, such as messages, does not wait.
    """
    try:
        return User.objects.select_for_update(no_key=True).get(pk=user_id)
    except User.DoesNotExist:
        raise NoSuchUser from None


def insert_user(user: User) -> None:
    """Store a new user. Raises NameTaken, PhoneTaken or EmailTaken, also for a concurrent insert."""
    _save(user, force_insert=True)


def update_user(user: User, *fields: str) -> None:
    """Store these fields of an existing user. Raises PhoneTaken or EmailTaken."""
    _save(user, update_fields=fields)


def _save(user: User, **options: object) -> None:
    try:
        # A savepoint keeps the surrounding transaction usable after the error.
        with transaction.atomic():
            user.save(**options)
    except IntegrityError:
        others = User.objects.exclude(pk=user.pk)
        if others.filter(username_key=user.username_key).exists():
            raise NameTaken from None
        if user.phone_number and others.filter(phone_number=user.phone_number).exists():
            raise PhoneTaken from None
        if user.email and others.filter(email=user.email).exists():
            raise EmailTaken from None
        raise


def clean_phone(phone_number: str | None) -> str | None:
    """Return the phone number as stored: up to 20 visible characters, or None. Raises BadPhone."""
    if not phone_number:
        return None
    try:
        return check_name(phone_number.strip(), limit=_PHONE_MAX_LENGTH)
    except BadName:
        raise BadPhone from None


def clean_email(email: str | None) -> str | None:
    """Return the email address as stored, in lower case, or None. Raises BadEmail."""
    if not email:
        return None
    try:
        validate_email(email)
    except ValidationError:
        raise BadEmail from None
    return email.lower()


def hash_password(password: str, user: User) -> str:
    """Return the password hash, or raise BadPassword if the policy refuses it. Slow: call outside a transaction."""
    if not is_storable(password):
        raise UnstorablePassword(gettext("This password contains a character that is not allowed."))
    try:
        validate_password(password, user)
    except ValidationError as refusal:
        raise BadPassword(" ".join(refusal.messages)) from None
    return make_password(password)
