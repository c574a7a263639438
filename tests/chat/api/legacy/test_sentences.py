"""Refusals of the legacy calls have the bytes that their clients have always received."""

from __future__ import annotations

import pytest
from django.test import RequestFactory
from rest_framework.renderers import JSONRenderer

from accounts import errors as account_errors
from accounts.errors import (
    AccountError,
    BadPassword,
    BadPhone,
    FriendRequestRefused,
    NameTaken,
    NoSuchUser,
    PhoneTaken,
    RateLimited,
    UnstorablePassword,
)
from accounts.names import BadName, BadNickname
from chat import account_errors as chat_account_errors
from chat import errors, reasons
from chat.account_errors import ALL_REASONS, chat_error
from chat.api.legacy.call import LegacyCallView
from chat.api.legacy.protobuf_clients import ClientCallView
from chat.api.legacy.sentences import SENTENCES
from chat.errors import ChatError, Code
from chat.rules import muted_error

BLOCKED = "You have blocked this person. Unblock them first."
LONG_NAME = "A name has at most 64 characters."
FRIENDS_AND_REQUESTS = "You have 9 friends and open requests, and that is the limit."

CHAT_REFUSALS: list[tuple[ChatError, str]] = [
    (ChatError(reasons.ORIGIN_NOT_ALLOWED), "Pages of this origin may not call."),
    (ChatError(reasons.RATE_LIMITED, retryAfter=2.5), "This token calls too much."),
    (ChatError(reasons.SITE_BUSY, retryAfter=1), "The site is busy. Try again in a second."),
    (ChatError(reasons.BODY_TOO_LARGE, limit=7), "A form has at most 7 bytes."),
    (ChatError(reasons.APP_ID_MISSING, field="appID"), "appID is missing."),
    (ChatError(reasons.APP_ID_INVALID, field="appID"), "appID is a number."),
    (ChatError(reasons.MSG_ID_INVALID, field="msgID"), "msgID has 1 to 200 printable characters."),
    (ChatError(reasons.UNKNOWN_APP), "There is no such app."),
    (ChatError(reasons.ID_NOT_FOUND), "There is no such id."),
    (ChatError(reasons.MESSAGE_EMPTY, field="msg"), "A message must not be empty."),
    (ChatError(reasons.MESSAGE_CHARACTER, field="msg"), "A message must not contain the NUL character."),
    (ChatError(reasons.MESSAGE_TOO_LONG, limit=8000), "A message has at most 8000 characters."),
    (ChatError(reasons.ACCOUNT_INACTIVE), "This account is not active."),
    (ChatError(reasons.CHANNEL_NOT_FOUND), "There is no such channel."),
    (ChatError(reasons.CHANNEL_CLOSED), "This channel is closed."),
    (ChatError(reasons.ANNOUNCEMENTS_ONLY), "Only owners and admins write in this channel."),
    (
        ChatError(reasons.SLOW_MODE, unsent={"interval": 30}, retryAfter=19.2),
        "One message every 30 seconds, please: this channel is in slow mode.",
    ),
    (ChatError(reasons.CANNOT_MESSAGE_YOURSELF, field="members"), "A private channel is with somebody else."),
    (ChatError(reasons.CANNOT_MESSAGE_USER), "You cannot write to this person."),
    (ChatError(reasons.BLOCKED_BY_YOU), BLOCKED),
    (ChatError(reasons.ACCOUNT_REQUIRED), "Guests write in their app's room only. Register to do more."),
    (ChatError(reasons.GROUP_EMPTY, field="name"), "Give the group a name or members."),
    (ChatError(reasons.GROUP_FULL, limit=3), "A group has at most 3 members."),
    (
        ChatError(reasons.GROUP_LIMIT_REACHED, limit=1, userId="bob"),
        "bob is in 1 groups, and that is the limit.",
    ),
    (ChatError(reasons.MEMBER_INACTIVE), "One of these people has no active account."),
    (ChatError(reasons.REGISTRATION_CLOSED), "Registration is closed."),
    (ChatError(reasons.WRONG_CREDENTIALS), "The number and the password do not belong together."),
    (ChatError(chat_account_errors.ACCOUNT_NOT_FOUND), "There is no such person."),
]
ACCOUNT_REFUSALS: list[tuple[AccountError, str]] = [
    (RateLimited(61), "That was too often. Try again in 2 minutes."),
    (BadPhone(), "A phone number has 1 to 20 visible characters."),
    (PhoneTaken(), "This phone number is taken."),
    (NameTaken(), "This name is taken."),
    (BadNickname(account_errors.NAME_EMPTY), "A name must not be empty."),
    (BadNickname(account_errors.NAME_TOO_LONG, limit=64), LONG_NAME),
    (BadNickname(account_errors.NAME_BLANK_ENDS), "A name must not begin or end with a blank."),
    (BadNickname(account_errors.NAME_INVISIBLE), "A name must not contain invisible or control characters."),
    (BadNickname(account_errors.NAME_NOT_VISIBLE), "A name needs at least one visible character."),
    (BadNickname(account_errors.NAME_MARKS), "A name must not pile up combining marks."),
    (BadNickname(account_errors.NAME_RESERVED), "This name is reserved."),
    (NoSuchUser(), "There is no such person."),
    (FriendRequestRefused(account_errors.FRIEND_YOURSELF), "Nobody is a friend of themselves."),
    (FriendRequestRefused(account_errors.FRIEND_BLOCKED), BLOCKED),
    (FriendRequestRefused(account_errors.ALREADY_FRIENDS), "You are friends already."),
    (FriendRequestRefused(account_errors.FRIEND_REQUEST_PENDING), "You have asked already."),
    (FriendRequestRefused(account_errors.FRIEND_LIMIT_REACHED, limit=9), FRIENDS_AND_REQUESTS),
    (BadPassword("It is 100 % digits."), "It is 100 % digits."),
    (UnstorablePassword("Not allowed."), "This password contains a character that cannot be typed."),
]
REST = {
    **dict.fromkeys(("app_id_missing", "app_id_invalid"), ',"field":"appID"'),
    **dict.fromkeys(("message_empty", "message_character"), ',"field":"msg"'),
    "rate_limited": ',"retryAfter":2.5',
    "site_busy": ',"retryAfter":1',
    "slow_mode": ',"retryAfter":19.2',
    "body_too_large": ',"limit":7',
    "msg_id_invalid": ',"field":"msgID"',
    "message_too_long": ',"limit":8000',
    "cannot_message_yourself": ',"field":"members"',
    "group_empty": ',"field":"name"',
    "group_full": ',"limit":3',
    "group_limit_reached": ',"limit":1,"userId":"bob"',
}
"""The data after the sentence, by reason."""


def test_every_sentence_belongs_to_a_reason_and_is_pinned_here() -> None:
    pinned = {refusal.reason.key for refusal, _ in (*CHAT_REFUSALS, *ACCOUNT_REFUSALS)}
    assert SENTENCES.keys() <= ALL_REASONS.keys()
    assert pinned - {"password_rejected"} == SENTENCES.keys()


@pytest.mark.parametrize(("refusal", "sentence"), CHAT_REFUSALS)
def test_a_refusal_of_the_chat_has_its_original_bytes(refusal: ChatError, sentence: str) -> None:
    assert _sent(LegacyCallView, refusal) == _refusal(refusal.code, sentence, REST.get(refusal.reason.key, ""))
    assert _sent(ClientCallView, refusal) == _failure(sentence)


@pytest.mark.parametrize(("refusal", "sentence"), ACCOUNT_REFUSALS)
def test_a_refusal_about_an_account_has_its_original_bytes(refusal: AccountError, sentence: str) -> None:
    assert _sent(ClientCallView, refusal) == _failure(sentence)


def test_an_invalid_user_id_has_only_a_sentence() -> None:
    refusal = BadName(account_errors.NAME_TOO_LONG, limit=64)
    assert _sent(LegacyCallView, refusal) == _refusal(errors.ILLEGAL_USER_ID, LONG_NAME)
    assert _sent(ClientCallView, chat_error(refusal, field="name")) == _failure(LONG_NAME), "the name of a group"


def test_a_mute_tells_its_end_in_minutes() -> None:
    until = 1_928_375_159_999
    forever, limited = muted_error(None), ChatError(reasons.MUTED, until=until)
    assert _sent(LegacyCallView, forever) == _refusal(errors.NOT_AUTHORISED, "You are muted.", ',"until":null')
    sentence = "You are muted until 2031-02-09 03:45 UTC."
    assert _sent(LegacyCallView, limited) == _refusal(errors.NOT_AUTHORISED, sentence, f',"until":{until}')


def test_a_newer_reason_has_its_own_sentence() -> None:
    refusal = ChatError(reasons.USER_UNREACHABLE)
    assert _sent(LegacyCallView, refusal) == _refusal(refusal.code, reasons.USER_UNREACHABLE.text)


def _sent(view: type[LegacyCallView], refusal: Exception) -> str:
    """Return the body with which a call answers the refusal."""
    made = view()
    made.request = RequestFactory().get("/")
    body: bytes = JSONRenderer().render(made.handle_exception(refusal).data)
    return body.decode()


def _refusal(code: Code, sentence: str, rest: str = "") -> str:
    return f'{{"code":{code.number},"msg":"{code.text}","data":{{"error":"{sentence}"{rest}}}}}'


def _failure(sentence: str) -> str:
    return f'{{"code":-1,"msg":"{sentence}","data":{{}}}}'
