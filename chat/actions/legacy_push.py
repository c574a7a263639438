"""The push calls of the legacy HTTP API: online users, and messages to all users of a name or on an app.

Users are named as on the wire: accounts by their user name in any spelling, guests by their exact name, which several
guests may share.
"""

from __future__ import annotations

from django.conf import settings
from django.db import IntegrityError

from accounts.actions import system_user
from accounts.models import App, User
from accounts.names import USER_NAME_MAX_LENGTH, BadName, check_name
from accounts.selectors.contacts import users_hiding_presence
from accounts.selectors.users import app_by_number, user_by_name
from chat import errors, reasons, rules, selectors
from chat.account_errors import with_code
from chat.actions.channel import channel_create_private
from chat.actions.ephemeral import ephemeral_entry
from chat.actions.message import message_send_now
from chat.errors import ChatError
from chat.selectors.presence import query_presence, visible_users
from chat.sending.drafts import Draft
from delivery import idempotency, publish
from delivery.db.transactions import write
from delivery.idempotency import ScopedKey
from delivery.presence.base import Presence

MSG_ID_LIMIT = 200


def require_app(number: int) -> App:
    """Return the enabled app of that number. Raise NOT_AUTHORISED for an unknown and for a disabled one alike."""
    app = app_by_number(number)
    if app is None:
        raise ChatError(reasons.UNKNOWN_APP)
    return app


def names_online(*, app_number: int) -> list[str]:
    """Return the names of the users online on the app; two guests of one name are two entries.

    Users who hide their presence are left out, here and in `is_online`.
    """
    app = require_app(app_number)
    nobody: dict[int, str] = {}
    return list(visible_users(query_presence(lambda presence: presence.list_online(app.number), nobody)).values())


def is_online(*, name: str, app_number: int | None = None) -> bool:
    """Return whether a user of that name is online, on the app or (None) on any app."""
    _require_name(name)
    app = require_app(app_number).number if app_number is not None else None
    online = _online_user_ids(name, app)
    return bool(set(online) - users_hiding_presence(online))


def message_send_to_person(
    *, caller: User | None, name: str, msg_id: str, text: str, app_number: int | None = None
) -> bool | None:
    """Send a message to all users of that name, as the calling service (None: as `system`).

    An account gets it in its private channel with the service, where it is stored. Online guests get it at most once.
    `app_number` limits live delivery to connections on that app. Return whether a user of that name was online, on any
    app; None if the caller has used the msg_id before: then nothing is sent.

    An unknown name is answered like an offline user's, and uses up the msg_id as well, so that the answer does not tell
    which accounts exist.
    """
    _require_name(name)
    text = rules.check_text(text, limit=settings.IM_MESSAGE_MAX_LENGTH)
    app = require_app(app_number).number if app_number is not None else None
    service = caller or system_user()
    key = _scoped_key(service, msg_id)
    online = _online_user_ids(name)
    guests = [user.pk for user in selectors.users_by_ids(online).values() if user.is_guest and user.is_active]
    recipient = user_by_name(name)
    # Checked here, because a repeat with another name must not create a channel. The key is claimed with the message.
    if idempotency.find_claimed([key]):
        return None
    if recipient is not None:
        channel, _ = channel_create_private(creator=service, other=recipient)
        draft = Draft(service.pk, channel.pk, text, live_app=app, push_seq=msg_id, scoped_key=key)
        if message_send_now(draft).repeated:
            return None
    elif not _claim(key):
        return None
    if guests:
        publish.push_transient(ephemeral_entry(service, text, push_seq=msg_id, user_ids=tuple(guests), app=app))
    return bool(online)


def message_send_to_app(*, caller: User | None, name: str, msg_id: str, text: str, app_number: int) -> bool | None:
    """Send a message to all users on an app, in the name of a user who does not get it live.

    Without a caller (an open network) the author is the user online on the app under that name, else `system`, shown
    under that name. A caller with a token is always the author, shown under that name: a token gives no right to act as
    another user. Return True; None if the caller has used the msg_id before: then nothing is sent.
    """
    name = _require_name(name)
    text = rules.check_text(text, limit=settings.IM_MESSAGE_MAX_LENGTH)
    app = require_app(app_number)
    key = _scoped_key(caller or system_user(), msg_id)
    named = _online_user(name, app.number)
    author = caller or named or system_user()
    draft = Draft(
        author.pk,
        selectors.global_channel(app).pk,
        text,
        push_seq=msg_id,
        shown_as="" if author == named or author.public_name == name else name,
        skip_live=named.pk if named is not None else None,
        scoped_key=key,
    )
    return None if message_send_now(draft).repeated else True


def _online_user_ids(name: str, app: int | None = None) -> list[int]:
    """Return the ids of the online users of that name, on the app or (None) on any app."""
    account = user_by_name(name)

    async def find(presence: Presence) -> list[int]:
        found = set(await presence.find_by_name(name, app))
        if account is not None:
            found |= await presence.filter_online([account.pk], app)
        return sorted(found)

    return query_presence(find, [])


def _online_user(name: str, app: int) -> User | None:
    """Return the user whom the name means on that app: the account, else the guest who came last.

    Earlier guests of that name are most likely connections that the network has lost.
    """
    users = selectors.users_by_ids(_online_user_ids(name, app)).values()
    return max((user for user in users if user.is_active), key=lambda user: (not user.is_guest, user.pk), default=None)


def _require_name(name: str) -> str:
    """Return the name. Raise ILLEGAL_USER_ID if no user could be shown under it."""
    try:
        return check_name(name, limit=USER_NAME_MAX_LENGTH)
    except BadName as error:
        # Its data has only the sentence, as existing callers know it.
        raise ChatError(with_code(error.reason, errors.ILLEGAL_USER_ID), sentence=str(error)) from error


def _scoped_key(caller: User, msg_id: str) -> ScopedKey:
    """Return the key of a call: a caller uses a msg_id once, for either kind of call.

    Raise ILLEGAL_PARAMETER without a valid msg_id, because the call could not be repeated safely.
    """
    if not msg_id or len(msg_id) > MSG_ID_LIMIT or not msg_id.isprintable():
        raise ChatError(reasons.MSG_ID_INVALID, field="msgID")
    return f"msgid:{caller.pk}", msg_id


def _claim(key: ScopedKey) -> bool:
    """Claim the key of a push that is not stored. Return whether it was unclaimed."""
    try:
        with write():
            if idempotency.find_claimed([key]):
                return False
            idempotency.claim([key])
    except IntegrityError:
        return False
    return True
