"""A person's row: locked, inserted with a clear answer to what is taken, and what it must hold checked."""

from __future__ import annotations

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from accounts.errors import BadEmail, BadPassword, BadPhone, EmailTaken, NameTaken, NoSuchPerson, PhoneTaken
from accounts.models import User
from accounts.names import BadName, check_name, is_storable

_PHONE_LIMIT = 20


def lock_user(user_id: int) -> User:
    """The person's row, locked until the transaction ends. The first lock of every action that takes rights away.

    NoSuchPerson if there is none. Not locked against rows that merely refer to it, such as messages.
    """
    try:
        return User.objects.select_for_update(no_key=True).get(pk=user_id)
    except User.DoesNotExist:
        raise NoSuchPerson from None


def insert_user(user: User) -> None:
    """Store a new person, or raise NameTaken, PhoneTaken or EmailTaken. Whoever else comes at the same time loses."""
    _store(user, force_insert=True)


def update_user(user: User, *fields: str) -> None:
    """Store the fields of a known person, or raise PhoneTaken or EmailTaken."""
    _store(user, update_fields=fields)


def _store(user: User, **how: object) -> None:
    try:
        # A savepoint: the transaction around it must stay usable.
        with transaction.atomic():
            user.save(**how)
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
    """The number as it is kept: any visible text of up to 20 characters, or None."""
    if not phone_number:
        return None
    try:
        return check_name(phone_number.strip(), limit=_PHONE_LIMIT)
    except BadName:
        raise BadPhone from None


def clean_email(email: str | None) -> str | None:
    """The address as it is kept, in lower case, or None."""
    if not email:
        return None
    try:
        validate_email(email)
    except ValidationError:
        raise BadEmail from None
    return email.lower()


def hash_password(password: str, user: User) -> str:
    """The password as it is kept, if the policy allows it for that person. Slow by design: not inside a transaction."""
    if not is_storable(password):
        raise BadPassword(gettext("This password contains a character that cannot be typed."))
    try:
        validate_password(password, user)
    except ValidationError as refusal:
        raise BadPassword(" ".join(refusal.messages)) from None
    return make_password(password)
