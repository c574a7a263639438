"""Messages of the legacy HTTP API: to all users of a name, and to all users on an app.

`chat.selectors.legacy_presence` describes how names identify users.
"""

from __future__ import annotations

from django.conf import settings
from django.db import IntegrityError

from accounts.actions import system_user
from accounts.models import User
from accounts.selectors.users import user_by_name
from chat import reasons, rules, selectors
from chat.actions.channel import channel_create_private
from chat.actions.ephemeral import ephemeral_entry
from chat.actions.message import message_send_now
from chat.errors import ChatError
from chat.selectors.legacy_presence import online_ids_by_name, require_app, require_name
from chat.sending.drafts import Draft
from delivery import idempotency, publish
from delivery.db.transactions import write
from delivery.event_loop import run_blocking
from delivery.idempotency import ScopedKey

MSG_ID_LIMIT = 200


def message_send_to_name(
    *, caller: User | None, name: str, msg_id: str, text: str, app_number: int | None = None
) -> bool | None:
    """Send a message to all users of that name, as the calling service (None: as `system`).

    An account gets it in its private channel with the service, where it is stored. Online guests get it at most once.
    `app_number` limits live delivery to connections on that app. Return whether a user of that name was online, on any
    app; None if the caller has used the msg_id before, in which case nothing is sent.

    An unknown name has the same result as an offline user, and uses up the msg_id as well, so that callers cannot find
    out which accounts exist. Raise BadName for a name that no user can have.
    """
    require_name(name)
    text = rules.check_text(text, limit=settings.IM_MESSAGE_MAX_LENGTH)
    app = run_blocking(require_app(app_number)).number if app_number is not None else None
    service = caller or system_user()
    key = _scoped_key(service, msg_id)
    online = run_blocking(online_ids_by_name(name))
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

    Without a caller (an open network) the author is the user of that name online on the app, else `system`, shown under
    that name. A caller with a token is always the author, shown under that name, because a token gives no right to act
    as another user. Return True; None if the caller has used the msg_id before, in which case nothing is sent. Raise
    BadName for a name that no user can have.
    """
    name = require_name(name)
    text = rules.check_text(text, limit=settings.IM_MESSAGE_MAX_LENGTH)
    app = run_blocking(require_app(app_number))
    key = _scoped_key(caller or system_user(), msg_id)
    named = _online_user_by_name(name, app.number)
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


def _online_user_by_name(name: str, app: int) -> User | None:
    """Return the user of that name on the app: the account, else the guest who connected last.

    Earlier guests of that name are most likely connections that the network has lost.
    """
    users = selectors.users_by_ids(run_blocking(online_ids_by_name(name, app))).values()
    return max((user for user in users if user.is_active), key=lambda user: (not user.is_guest, user.pk), default=None)


def _scoped_key(caller: User, msg_id: str) -> ScopedKey:
    """Return the idempotency key of a call. A caller uses a msg_id once, for either kind of call.

    Raise ChatError MSG_ID_INVALID without a valid msg_id, because the call could not be repeated safely.
    """
    if not msg_id or len(msg_id) > MSG_ID_LIMIT or not msg_id.isprintable():
        raise ChatError(reasons.MSG_ID_INVALID, field="msgID")
    return f"msgid:{caller.pk}", msg_id


def _claim(key: ScopedKey) -> bool:
    """Claim the key of a push that is not stored. Return False if it was claimed before."""
    try:
        with write():
            if idempotency.find_claimed([key]):
                return False
            idempotency.claim([key])
    except IntegrityError:
        return False
    return True
