"""Somebody who can send. Written only by `accounts.actions`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.utils import timezone

from accounts.names import KEY_LIMIT, USER_NAME_LIMIT, name_key
from accounts.pinyin import sounds


class UserManager(BaseUserManager["User"]):
    """Creates rows; names are checked by the actions that call it."""

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> User:
        fields.setdefault("nickname", username)
        user = self.model(username=username, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(username, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        """Sign-in finds the person by the compared form, so `Alice` signs in as `alice` too."""
        return self.get(username_key=name_key(username or ""))


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody who can send: a person with an account, a guest, or a service (a bot or another system)."""

    class Kind(models.TextChoices):
        PERSON = "person", "Person"
        GUEST = "guest", "Guest"
        SERVICE = "service", "Service or bot"

    username = models.CharField("user name", max_length=USER_NAME_LIMIT, unique=True)
    username_key = models.CharField(max_length=KEY_LIMIT, unique=True, editable=False)
    nickname = models.CharField(max_length=USER_NAME_LIMIT)
    nickname_key = models.CharField(max_length=KEY_LIMIT, db_index=True, editable=False)
    nickname_pinyin = models.CharField(max_length=KEY_LIMIT, db_index=True, editable=False, default="")
    """How a Chinese nickname sounds, for search: `mayuan`. Empty for others."""
    nickname_initials = models.CharField(max_length=USER_NAME_LIMIT, db_index=True, editable=False, default="")
    """The first letters of those sounds: `my`."""
    phone_number = models.CharField(max_length=20, unique=True, null=True, blank=True)
    email = models.EmailField(unique=True, null=True, blank=True)
    avatar = models.CharField("avatar path", max_length=200, blank=True, default="")
    status_text = models.CharField("status", max_length=100, blank=True, default="")
    language = models.CharField(max_length=8, blank=True, default="", help_text="Empty: the browser's.")
    time_zone = models.CharField(max_length=64, blank=True, default="", help_text="Empty: the browser's.")
    shares_read = models.BooleanField("lets others see what they have read", default=True)
    shares_presence = models.BooleanField("lets others see that they are online", default=True)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.PERSON)
    is_active = models.BooleanField("active", default=True)
    is_staff = models.BooleanField("may enter the admin", default=False)
    date_joined = models.DateTimeField(default=timezone.now, editable=False)
    sign_in_epoch = models.PositiveIntegerField(default=0, editable=False)
    """Raised to end every browser session at once: sessions of an earlier epoch are nobody's."""

    restricted = models.BooleanField(default=False, editable=False)
    """Whether somebody has muted, banned or blocked this person: only then the send path looks for how."""
    deleted_at = models.DateTimeField(null=True, editable=False)
    """When the person deleted their account. What they said stays, said by nobody."""

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["nickname"]

    def __str__(self) -> str:
        return self.public_name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the compared forms in step with the names, in partial saves too."""
        self.username_key = name_key(self.username)
        self.nickname_key = name_key(self.nickname)
        fields = kwargs.get("update_fields")
        if fields is None or "nickname" in fields:
            self.nickname_pinyin, self.nickname_initials = sounds(self.nickname)
        if fields is not None and "nickname" in fields:
            kwargs["update_fields"] = {*fields, "nickname_key", "nickname_pinyin", "nickname_initials"}
        super().save(*args, **kwargs)

    def get_session_auth_hash(self) -> str:
        """What a session must hold to be this person's: bound to the password and to the epoch."""
        return f"{super().get_session_auth_hash()}.{self.sign_in_epoch}"

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        for fallback in super().get_session_auth_fallback_hash():
            yield f"{fallback}.{self.sign_in_epoch}"

    @property
    def is_guest(self) -> bool:
        return self.kind == self.Kind.GUEST

    @property
    def public_name(self) -> str:
        """What the wire calls `userId`: the user name, or for a guest the name they gave (not unique)."""
        return self.nickname if self.is_guest else self.username
