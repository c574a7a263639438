"""What can go wrong with an account, in words for the person concerned. Pure: the texts are translated where shown."""

from __future__ import annotations

from typing import ClassVar


class AccountError(Exception):
    """The request cannot be fulfilled. `str()` is the reason in English.

    `text` with `params` is the same before they are put together: what the translations know.
    """

    field: ClassVar[str] = ""
    """The form field it is about, or empty."""

    def __init__(self, text: str, **params: object) -> None:
        super().__init__(text, params)
        self.text = text
        self.params = params

    def __str__(self) -> str:
        return self.text % self.params


class NameTaken(AccountError):
    """An account of that name, or one that looks the same, exists."""

    field = "username"

    def __init__(self) -> None:
        super().__init__("This name is taken.")


class PhoneTaken(AccountError):
    field = "phone_number"

    def __init__(self) -> None:
        super().__init__("This phone number is taken.")


class EmailTaken(AccountError):
    field = "email"

    def __init__(self) -> None:
        super().__init__("This email address is taken.")


class BadPhone(AccountError):
    field = "phone_number"

    def __init__(self) -> None:
        super().__init__("A phone number has 1 to 20 visible characters.")


class BadEmail(AccountError):
    field = "email"

    def __init__(self) -> None:
        super().__init__("This is not an email address.")


class BadPassword(AccountError):
    """The password policy refuses it; the text comes from the policy's validators, in the active language."""

    field = "password"

    def __init__(self, reason: str) -> None:
        super().__init__("%(reason)s", reason=reason)


class NoSuchPerson(AccountError):
    """Nobody active has that id."""

    def __init__(self) -> None:
        super().__init__("There is no such person.")


class FriendRequestRefused(AccountError):
    """To oneself, the same again, to whom one has blocked, or one too many."""


class NoSuchFriend(AccountError):
    """There is no friendship, or no request, that could be answered or ended so."""

    def __init__(self) -> None:
        super().__init__("There is no such friend or request.")


class BlockRefused(AccountError):
    """Of oneself, of a service, or one too many."""


class LastAdministrator(AccountError):
    """Nobody would be left who may do everything."""

    def __init__(self) -> None:
        super().__init__("This is the last administrator.")


class BadApp(AccountError):
    """The app's number or name cannot be used."""


class BadToken(AccountError):
    """A token cannot be made so."""


class NotManageable(AccountError):
    """A change of somebody who is looked after in the admin only."""

    def __init__(self) -> None:
        super().__init__("Staff and services are looked after in the admin.")


class BadExternalId(AccountError):
    field = "externalId"

    def __init__(self) -> None:
        super().__init__("A service's own id of a person has 1 to 200 printable characters and no slash.")


class BadService(AccountError):
    """A service cannot be made or changed so."""


class LinkTaken(AccountError):
    """The account elsewhere is linked with another account here."""

    def __init__(self, title: str) -> None:
        super().__init__("This %(title)s account is linked with another account here.", title=title)


class LastWayIn(AccountError):
    """Without it nothing would let the person in any more."""

    def __init__(self) -> None:
        super().__init__("This is your only way in. Set a password first.")


class BadPicture(AccountError):
    """The file cannot be an avatar."""

    field = "avatar"


class BadProfile(AccountError):
    """Something of a profile that cannot be kept so."""


class TooOften(AccountError):
    """One address has done it as often as it may for now; again after so many seconds."""

    def __init__(self, seconds: int) -> None:
        super().__init__("That was too often. Try again in %(minutes)s minutes.", minutes=max(2, -(-seconds // 60)))
        self.seconds = seconds
