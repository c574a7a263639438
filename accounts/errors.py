"""Refusals about accounts: the table of reasons, and the exceptions that carry them. Pure.

Pages and the admin translate the sentence when they show it (`accounts.refusal_texts`); programs use the key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason for a refusal. The key is part of the protocol and never changes; the sentence may.

    `http` is the status of REST answers. `text` tells users what happened and what to do; `%(name)s` in it is a
    parameter. `when` tells developers when it happens. `retry`: the same request may succeed later.
    """

    key: str
    http: int
    text: str
    when: str
    retry: bool = False


# fmt: off

# -- names, addresses, passwords -----------------------------------------------------------------------------------
NAME_TAKEN = Reason("name_taken", 409, "This name is taken.",
    "An account or an active guest has this name, or one that looks the same.")
PHONE_TAKEN = Reason("phone_taken", 409, "This phone number is taken.",
    "Another account has this phone number.")
EMAIL_TAKEN = Reason("email_taken", 409, "This email address is taken.",
    "Another account has this email address.")
NAME_EMPTY = Reason("name_empty", 400, "Enter a name.",
    "The name is empty or blank.")
NAME_TOO_LONG = Reason("name_too_long", 400, "A name can have at most %(limit)s characters.",
    "The name is too long, as given or in its compared form.")
NAME_BLANK_ENDS = Reason("name_blank_ends", 400, "A name cannot start or end with a space.",
    "The name begins or ends with white space.")
NAME_INVISIBLE = Reason("name_invisible", 400, "A name cannot contain invisible characters.",
    "The name contains control, format, private-use or unassigned characters.")
NAME_NOT_VISIBLE = Reason("name_not_visible", 400, "A name needs at least one visible character.",
    "Nothing of the name can be seen.")
NAME_MARKS = Reason("name_marks", 400, "A name cannot contain stacked combining marks.",
    "The name stacks combining marks.")
NAME_SCRIPTS = Reason("name_scripts", 400, "A word of a name cannot mix Latin, Greek and Cyrillic letters.",
    "The name mixes scripts whose letters look alike.")
NAME_CHARACTERS = Reason("name_characters", 400,
    "A username can only contain letters, digits, dots, hyphens and underscores.",
    "The user name contains other characters.")
NAME_ENDS = Reason("name_ends", 400, "A username starts and ends with a letter or a digit.",
    "The user name begins or ends with a dot, hyphen or underscore.")
NAME_RESERVED = Reason("name_reserved", 400, "This name is reserved. Choose another one.",
    "The name claims to speak for the site, or has a meaning of its own.")
PHONE_INVALID = Reason("phone_invalid", 400, "A phone number needs 1 to 20 visible characters.",
    "The phone number is empty, too long, or contains invisible characters.")
EMAIL_INVALID = Reason("email_invalid", 400, "This is not an email address.",
    "The email address is malformed.")
PASSWORD_REJECTED = Reason("password_rejected", 400, "This password is too weak. Choose another one.",
    "The password policy rejects the password. The sentence says why, in the caller's language.")
STATUS_INVALID = Reason("status_invalid", 400, "A status can have at most %(limit)s visible characters.",
    "The status is too long or contains invisible characters.")
LANGUAGE_UNKNOWN = Reason("language_unknown", 400, "This language is not available.",
    "The site has no such language.")
TIME_ZONE_UNKNOWN = Reason("time_zone_unknown", 400, "This time zone does not exist.",
    "The time zone is not in the tz database.")
AVATAR_TOO_LARGE = Reason("avatar_too_large", 400, "The picture is larger than %(limit)s MB.",
    "The file exceeds IM_AVATAR_MAX_BYTES.")
AVATAR_TOO_MANY_PIXELS = Reason("avatar_too_many_pixels", 400, "This picture has too many pixels. Use a smaller one.",
    "The picture is too large to be decoded safely.")
AVATAR_UNREADABLE = Reason("avatar_unreadable", 400,
    "This file cannot be read as a picture. Use JPEG, PNG, WebP or GIF.",
    "The file is no picture, or is damaged.")
AVATAR_BUSY = Reason("avatar_busy", 400, "Too many pictures are being uploaded. Try again in a moment.",
    "Other pictures are being decoded.", retry=True)

# -- accounts ------------------------------------------------------------------------------------------------------
ACCOUNT_NOT_FOUND = Reason("account_not_found", 404, "This user does not exist.",
    "No active account has this ID or name.")
ACCOUNT_NOT_MANAGEABLE = Reason("account_not_manageable", 403, "Staff and services can only be changed in the admin.",
    "A call tried to change an account that is no ordinary user.")
LAST_ADMINISTRATOR = Reason("last_administrator", 409,
    "This is the last administrator. Make another user an administrator first.",
    "The change would leave the site without a superuser.")
TOO_MANY_ATTEMPTS = Reason("too_many_attempts", 429, "Too many attempts. Try again in %(minutes)s minutes.",
    "One network address exceeded a rate limit. `retryAfter` says when to try again, in seconds.", retry=True)
FORM_REFUSED = Reason("form_refused", 403, "This page is out of date. Reload it and try again.",
    "The CSRF check failed: the user has signed in since the page was loaded, or the form is another site's.")
GUESTS_DISABLED = Reason("guests_disabled", 403, "Guests cannot join here. Sign in.",
    "The site or the app allows no guests.")
FRIEND_YOURSELF = Reason("friend_yourself", 409, "You cannot add yourself as a friend.",
    "The friend request names the caller.")
FRIEND_BLOCKED = Reason("friend_blocked", 409, "You have blocked this user. Unblock them first.",
    "The caller blocked the user to befriend.")
ALREADY_FRIENDS = Reason("already_friends", 409, "You are already friends.",
    "The two are friends.")
FRIEND_REQUEST_PENDING = Reason("friend_request_pending", 409, "You have already sent a friend request.",
    "An earlier request waits for an answer.")
FRIEND_LIMIT_REACHED = Reason("friend_limit_reached", 409,
    "You have reached the limit of %(limit)s friends and pending requests.",
    "The caller would exceed IM_MAX_FRIENDS_PER_USER.")
FRIEND_NOT_FOUND = Reason("friend_not_found", 404, "There is no such friend or friend request.",
    "The two are no friends, and no request waits for an answer.")
BLOCK_YOURSELF = Reason("block_yourself", 409, "You cannot block yourself.",
    "The block names the caller.")
BLOCK_SERVICE = Reason("block_service", 409,
    "You cannot block a service of this site. Report problems with it to an operator.",
    "The user to block is a service.")
BLOCK_LIMIT_REACHED = Reason("block_limit_reached", 409,
    "You have reached the limit of %(limit)s blocked users.",
    "The caller would exceed IM_MAX_BLOCKS_PER_USER.")

# -- signing in by another site ------------------------------------------------------------------------------------
OAUTH_FOREIGN_NEXT = Reason("oauth_foreign_next", 400,
    "The page after the sign-in is on another site, so the sign-in was not started.",
    "The address to return to is on another site.")
OAUTH_DECLINED = Reason("oauth_declined", 403, "You did not grant access at %(title)s. Nothing was changed.",
    "The user declined at the provider.")
OAUTH_EXPIRED = Reason("oauth_expired", 400,
    "It was started in another browser, has already been used, or took too long. Nothing was changed.",
    "The `state` is unknown, used or expired.")
OAUTH_FAILED = Reason("oauth_failed", 502, "Try again later. Nothing was changed.",
    "The provider did not answer as expected.", retry=True)
OAUTH_OTHER_USER = Reason("oauth_other_user", 400,
    "You are no longer signed in as the user who started it. Nothing was changed.",
    "Another user is signed in than the one who started to link an account.")
OAUTH_ACCOUNT_CLOSED = Reason("oauth_account_closed", 403, "This account is closed.",
    "The linked account was deactivated.")
OAUTH_REGISTRATION_CLOSED = Reason("oauth_registration_closed", 403,
    "Only administrators create accounts here. Ask yours for one.",
    "The site takes no new accounts.")
OAUTH_EMAIL_UNCONFIRMED = Reason("oauth_email_unconfirmed", 403,
    "Your email address at %(title)s is not verified. Verify it there first.",
    "The provider does not vouch for the email address.")
LINK_TAKEN = Reason("link_taken", 400, "This %(title)s account is linked with another account here.",
    "Another user signs in with the account at the provider.")
ALREADY_LINKED = Reason("already_linked", 400, "Another %(title)s account is already linked. Unlink it first.",
    "The user signs in with another account at the provider.")
LAST_SIGN_IN_METHOD = Reason("last_sign_in_method", 400, "This is your only way to sign in. Set a password first.",
    "The user would have no way to sign in.")

# -- signing in by an LDAP directory -------------------------------------------------------------------------------
LDAP_UNAVAILABLE = Reason("ldap_unavailable", 502,
    "Passwords of your organization cannot be checked at the moment. Try again in a few minutes.",
    "The LDAP directory does not answer, or refuses the site.", retry=True)
LDAP_NO_ACCOUNT = Reason("ldap_no_account", 403, "You have no account here. Ask an administrator for one.",
    "A user of the directory has no account, and IM_LDAP_CREATE_USERS is off.")
LDAP_NOT_PERMITTED = Reason("ldap_not_permitted", 403,
    "Your organization does not let you use this site. Ask an administrator.",
    "A user of the directory is in no group of IM_LDAP_REQUIRE_GROUP.")
LDAP_NAME_TAKEN = Reason("ldap_name_taken", 409,
    "Another account here has your username. Ask an administrator to link it with yours.",
    "A user of the directory signs in for the first time, and another account has the name.")

# -- two-factor sign-in --------------------------------------------------------------------------------------------
CODE_REFUSED = Reason("code_refused", 400, "This code is wrong or has been used already. Try the next one.",
    "A code of an authenticator app, or a recovery code, is wrong or used.")
PASSKEY_REFUSED = Reason("passkey_refused", 400, "This passkey could not be verified. Try again.",
    "The answer of a passkey does not fit the user, the site or the challenge.")
PASSKEY_LIMIT_REACHED = Reason("passkey_limit_reached", 409,
    "You have reached the limit of %(limit)s passkeys. Remove one first.",
    "The user would exceed IM_MAX_PASSKEYS_PER_USER.")
SECOND_STEP_EXPIRED = Reason("second_step_expired", 403, "This took too long. Sign in again.",
    "The second step of a sign-in was taken too late, or without the first.")

# -- apps, services, tokens ----------------------------------------------------------------------------------------
APP_NUMBER_RANGE = Reason("app_number_range", 400, "An app number must be between 1 and %(limit)s.",
    "The number of a new app is out of range.")
APP_NUMBER_TAKEN = Reason("app_number_taken", 400, "Another app has this number.",
    "The number of a new app is taken.")
NO_SUCH_APP = Reason("no_such_app", 400, "This app does not exist.",
    "An operator changed an app that does not exist.")
NOT_A_SERVICE = Reason("not_a_service", 400, "%(name)s is not a service.",
    "The account is no service.")
NO_SUCH_PERMISSION = Reason("no_such_permission", 400, "Unknown permission: %(names)s.",
    "A service was given a permission that does not exist.")
TOKEN_NOT_A_SERVICE = Reason("token_not_a_service", 400,
    "%(name)s is not a service. Users get tokens by signing in.",
    "An operator created an API token for a user.")
TOKEN_EXCEEDS_CREATOR = Reason("token_exceeds_creator", 400,
    "%(name)s has permissions that you lack, so you cannot create tokens for it.",
    "An operator would gain permissions by the token.")
TOKEN_DAYS = Reason("token_days", 400, "A token can be valid for 1 to %(limit)s days.",
    "The lifetime of an API token is out of range.")
TOKEN_SECONDS = Reason("token_seconds", 400,
    "A token of a user can be valid for %(shortest)s to %(longest)s seconds.",
    "The lifetime of an external user's token is out of range.")
EXTERNAL_ID_INVALID = Reason("external_id_invalid", 400,
    "An external ID needs 1 to 200 printable characters and no slash.",
    "The external ID is empty, too long, or contains other characters.")

# fmt: on

REASONS: dict[str, Reason] = {value.key: value for value in list(globals().values()) if isinstance(value, Reason)}
"""All of them by key."""


class AccountError(Exception):
    """A refused request. `str()` is the sentence in English."""

    field: ClassVar[str] = ""
    """The form field concerned, or empty."""
    default_reason: ClassVar[Reason]
    """The reason of a class that has only one."""

    def __init__(self, reason: Reason | None = None, /, **params: object) -> None:
        self.reason = reason or self.default_reason
        self.params = params
        super().__init__(self.reason, params)

    @property
    def text(self) -> str:
        """The English sentence with its `%(name)s` placeholders: the msgid of its translation."""
        return self.reason.text

    def __str__(self) -> str:
        return self.text % self.params if self.params else self.text


class NameTaken(AccountError):
    field = "username"
    default_reason = NAME_TAKEN


class PhoneTaken(AccountError):
    field = "phone_number"
    default_reason = PHONE_TAKEN


class EmailTaken(AccountError):
    field = "email"
    default_reason = EMAIL_TAKEN


class BadPhone(AccountError):
    field = "phone_number"
    default_reason = PHONE_INVALID


class BadEmail(AccountError):
    field = "email"
    default_reason = EMAIL_INVALID


class BadPassword(AccountError):
    """The password policy rejects the password. `problem` is its validators' sentence, in the active language."""

    field = "password"
    default_reason = PASSWORD_REJECTED

    def __init__(self, problem: str) -> None:
        super().__init__()
        self.problem = problem

    @property
    def text(self) -> str:
        return self.problem


class UnstorablePassword(BadPassword):
    """The password contains a character that is not allowed, such as NUL."""


class BadPicture(AccountError):
    field = "avatar"


class BadProfile(AccountError):
    """A status, language or time zone is not valid."""


class NoSuchUser(AccountError):
    default_reason = ACCOUNT_NOT_FOUND


class NotManageable(AccountError):
    default_reason = ACCOUNT_NOT_MANAGEABLE


class LastAdministrator(AccountError):
    default_reason = LAST_ADMINISTRATOR


class RateLimited(AccountError):
    """One network address exceeded a rate limit; `seconds` until it may try again."""

    def __init__(self, seconds: int) -> None:
        super().__init__(TOO_MANY_ATTEMPTS, minutes=max(2, -(-seconds // 60)))
        self.seconds = seconds


class FriendRequestRefused(AccountError):
    """A friend request cannot be made."""


class NoSuchFriend(AccountError):
    default_reason = FRIEND_NOT_FOUND


class BlockRefused(AccountError):
    """A block cannot be made."""


class LinkTaken(AccountError):
    default_reason = LINK_TAKEN


class LastSignInMethod(AccountError):
    default_reason = LAST_SIGN_IN_METHOD


class LdapUnavailable(AccountError):
    """The directory cannot be asked at the moment, or refuses the site itself."""

    default_reason = LDAP_UNAVAILABLE


class CodeRefused(AccountError):
    field = "code"
    default_reason = CODE_REFUSED


class PasskeyRefused(AccountError):
    """A passkey cannot be added, or does not sign in."""

    default_reason = PASSKEY_REFUSED


class BadApp(AccountError):
    """An app's number or name is not valid."""


class BadToken(AccountError):
    """The name, expiry or owner of a new token is not valid."""


class BadService(AccountError):
    """The permissions of a service are not valid, or the user is no service."""


class BadExternalId(AccountError):
    field = "externalId"
    default_reason = EXTERNAL_ID_INVALID
