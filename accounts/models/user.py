"""User accounts of every kind. Written only by `accounts.actions`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.utils import timezone

from accounts.names import NAME_KEY_MAX_LENGTH, USER_NAME_MAX_LENGTH, name_key
from accounts.pinyin import pinyin_and_initials

LDAP_PASSWORD_PREFIX = f"{UNUSABLE_PASSWORD_PREFIX}ldap:"
"""Start of the column `password` of accounts whose password is in an LDAP directory. Random ones have no colon."""


class UserManager(BaseUserManager["User"]):
    """Creates rows. The actions that call it validate the names."""

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> User:
        fields.setdefault("nickname", username)
        user = self.model(username=username, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(username, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        """Return the user whose name has the same key, so that `Alice` can sign in as `alice` too."""
        return self.get(username_key=name_key(username or ""))


class User(AbstractBaseUser, PermissionsMixin):
    """An account that can send messages: a person's, a guest's, or a service account (a bot or another system)."""

    class Kind(models.TextChoices):
        PERSON = "person", "Person"
        GUEST = "guest", "Guest"
        SERVICE = "service", "Service account"

    username = models.CharField("username", max_length=USER_NAME_MAX_LENGTH, unique=True)
    username_key = models.CharField(max_length=NAME_KEY_MAX_LENGTH, unique=True, editable=False)
    nickname = models.CharField(max_length=USER_NAME_MAX_LENGTH)
    nickname_key = models.CharField(max_length=NAME_KEY_MAX_LENGTH, db_index=True, editable=False)
    nickname_pinyin = models.CharField(max_length=NAME_KEY_MAX_LENGTH, db_index=True, editable=False, default="")
    """A Chinese nickname in pinyin, for search: `mayuan`. Empty for other nicknames."""
    nickname_initials = models.CharField(max_length=USER_NAME_MAX_LENGTH, db_index=True, editable=False, default="")
    """The initials of its syllables: `my`."""
    phone_number = models.CharField(max_length=20, unique=True, null=True, blank=True)
    email = models.EmailField(unique=True, null=True, blank=True)
    avatar = models.CharField("avatar file", max_length=200, blank=True, default="")
    status_text = models.CharField("status", max_length=100, blank=True, default="")
    language = models.CharField(max_length=8, blank=True, default="", help_text="Leave empty to use the browser's.")
    time_zone = models.CharField(max_length=64, blank=True, default="", help_text="Leave empty to use the browser's.")
    shares_read = models.BooleanField("shares read receipts", default=True)
    shares_presence = models.BooleanField("shares online status", default=True)
    shares_typing = models.BooleanField("shows when typing", default=True, db_default=True)
    previews_private_links = models.BooleanField(
        "previews links in private conversations", default=False, db_default=False
    )
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.PERSON)
    is_active = models.BooleanField("active", default=True)
    is_staff = models.BooleanField("staff status", default=False, help_text="Can sign in to the admin.")
    date_joined = models.DateTimeField(default=timezone.now, editable=False)
    sign_in_epoch = models.PositiveIntegerField(default=0, editable=False)
    """Incremented to end every browser session at once: sessions of an earlier epoch are invalid."""

    do_not_disturb_until = models.DateTimeField(null=True, editable=False)
    """Time until which the user does not want to be disturbed; None or in the past: they can be."""
    is_away = models.BooleanField(default=False, db_default=False, editable=False)
    """True while the user says that they are away, whatever their pages report."""
    is_restricted = models.BooleanField(default=False, editable=False)
    """True if a mute, ban or block applies to this user. The send path looks for restrictions only if it is set."""
    has_second_factor = models.BooleanField("two-factor sign-in", default=False, db_default=False, editable=False)
    """True while the user has an authenticator app or a passkey. A password alone then signs them in nowhere."""
    deleted_at = models.DateTimeField(null=True, editable=False)
    """Time at which the user deleted the account. Their messages stay, without a name."""

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["nickname"]

    def __str__(self) -> str:
        return self.public_name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the user and update the keys and pinyin of the names, in partial saves too."""
        fields = kwargs.get("update_fields")
        self.update_keys(pinyin=fields is None or "nickname" in fields)
        if fields is not None and "nickname" in fields:
            kwargs["update_fields"] = {*fields, "nickname_key", "nickname_pinyin", "nickname_initials"}
        super().save(*args, **kwargs)

    def update_keys(self, *, pinyin: bool = True) -> None:
        """Set the keys of the names, and the nickname's pinyin if `pinyin`. An insert without `save` needs this."""
        self.username_key = name_key(self.username)
        self.nickname_key = name_key(self.nickname)
        if pinyin:
            self.nickname_pinyin, self.nickname_initials = pinyin_and_initials(self.nickname)

    def get_session_auth_hash(self) -> str:
        """Return the hash that a session must hold to be valid: it depends on the password and on the epoch."""
        return f"{super().get_session_auth_hash()}.{self.sign_in_epoch}"

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        for fallback in super().get_session_auth_fallback_hash():
            yield f"{fallback}.{self.sign_in_epoch}"

    def has_perm(self, perm: str, obj: models.Model | None = None) -> bool:
        """Return whether the user may use the permission now: see `awaits_second_factor`."""
        return not self.awaits_second_factor and self.is_granted(perm, obj)

    def has_module_perms(self, app_label: str) -> bool:
        return not self.awaits_second_factor and super().has_module_perms(app_label)

    def is_granted(self, perm: str, obj: models.Model | None = None) -> bool:
        """Return whether the user has been given the permission, for what the site does in their name by itself."""
        return super().has_perm(perm, obj)

    @property
    def awaits_second_factor(self) -> bool:
        """True for staff without the second factor that IM_STAFF_SECOND_FACTOR demands: their permissions rest."""
        is_staff = self.is_staff or self.is_superuser
        required = is_staff and self.kind == self.Kind.PERSON and settings.IM_STAFF_SECOND_FACTOR
        return required and not self.has_second_factor

    @property
    def signs_in_by_ldap(self) -> bool:
        """True if the user's password is the one of the LDAP directory."""
        return bool(settings.IM_LDAP_URI) and self.password.startswith(LDAP_PASSWORD_PREFIX)

    @property
    def has_password(self) -> bool:
        """True if the user signs in with a password: one of this site, or of the directory."""
        return self.has_usable_password() or self.signs_in_by_ldap

    @property
    def is_guest(self) -> bool:
        return self.kind == self.Kind.GUEST

    @property
    def public_name(self) -> str:
        """The wire's `userId`: the username, or a guest's nickname (which is not unique)."""
        return self.nickname if self.is_guest else self.username
