"""Messages of the legacy HTTP API: to all users of a name, and to all users on an app; coroutines, as in `presence`.

`chat.selectors.legacy_presence` describes how names identify users.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.db import IntegrityError

from accounts.actions import system_user
from accounts.caches.directory import account_by_name
from accounts.models import User
from accounts.selectors.users import user_by_name
from chat import reasons, rules, selectors
from chat.actions.channel import channel_create_private
from chat.actions.ephemeral import ephemeral_entry
from chat.errors import ChatError
from chat.selectors.destinations import global_channel_id, private_channel_id
from chat.selectors.legacy_presence import online_ids_by_name, require_app, require_name
from chat.sending.drafts import Draft
from chat.sending.queue_bridge import store
from delivery import idempotency, publish
from delivery.db.executors import run_or_call
from delivery.db.lookup_cache import LookupCache
from delivery.db.transactions import write
from delivery.idempotency import ScopedKey

MSG_ID_LIMIT = 200


async def message_send_to_name(
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
    app = (await require_app(app_number)).number if app_number is not None else None
    service = caller or await _system_user()
    key = _scoped_key(service, msg_id)
    online = await online_ids_by_name(name)
    recipient = await account_by_name(name)
    others = [user_id for user_id in online if recipient is None or user_id != recipient.id]
    guests = await run_or_call(_active_guests, others) if others else []
    channel = None if recipient is None else await private_channel_id(service.pk, recipient.id)
    if channel is None:
        # Read anew: another process may have created the account since the name was looked up.
        channel, is_repeated = await run_or_call(_open_private_channel, service, name, key)
        if is_repeated:
            return None
    if channel is not None:
        draft = Draft(service.pk, channel, text, live_app=app, push_seq=msg_id, scoped_key=key)
        try:
            is_repeated = (await store(draft)).repeated
        except ChatError as refusal:
            if refusal.reason is not reasons.USER_UNREACHABLE:
                raise
            # The account was closed after its name was looked up, and is answered like an unknown one.
            is_repeated = not await run_or_call(_claim, key)
        if is_repeated:
            return None
    if guests:
        publish.push_transient(ephemeral_entry(service, text, push_seq=msg_id, user_ids=tuple(guests), app=app))
    return bool(online)


def _active_guests(user_ids: Sequence[int]) -> list[int]:
    return [user.pk for user in selectors.users_by_ids(user_ids).values() if user.is_guest and user.is_active]


def _open_private_channel(service: User, name: str, key: ScopedKey) -> tuple[int | None, bool]:
    """Return the private channel with the account of that name, created if necessary, and whether the key is used.

    Without an account, claim the key, as a message would; with one, the message claims it. A repeat creates nothing.
    """
    if idempotency.find_claimed([key]):
        return None, True
    recipient = user_by_name(name)
    if recipient is None:
        return None, not _claim(key)
    return channel_create_private(creator=service, other=recipient)[0].pk, False


async def message_send_to_app(
    *, caller: User | None, name: str, msg_id: str, text: str, app_number: int
) -> bool | None:
    """Send a message to all users on an app, in the name of a user who does not get it live.

    Without a caller (an open network) the author is the user of that name online on the app, else `system`, shown under
    that name. A caller with a token is always the author, shown under that name, because a token gives no right to act
    as another user. Return True; None if the caller has used the msg_id before, in which case nothing is sent. Raise
    BadName for a name that no user can have.
    """
    name = require_name(name)
    text = rules.check_text(text, limit=settings.IM_MESSAGE_MAX_LENGTH)
    app = await require_app(app_number)
    service = caller or await _system_user()
    key = _scoped_key(service, msg_id)
    online = await online_ids_by_name(name, app.number)
    named = await run_or_call(_latest_active_user, online) if online else None
    author = caller or named or service
    channel = await global_channel_id(app.pk)
    if channel is None:
        raise ChatError(reasons.UNKNOWN_APP)
    draft = Draft(
        author.pk,
        channel,
        text,
        push_seq=msg_id,
        shown_as="" if author == named or author.public_name == name else name,
        skip_live=named.pk if named is not None else None,
        scoped_key=key,
    )
    return None if (await store(draft)).repeated else True


def _latest_active_user(user_ids: Sequence[int]) -> User | None:
    """Return the account among these users of one name, else the guest who connected last.

    Earlier guests of that name are most likely connections that the network has lost.
    """
    users = selectors.users_by_ids(user_ids).values()
    return max((user for user in users if user.is_active), key=lambda user: (not user.is_guest, user.pk), default=None)


_SYSTEM = 0
"""The only key of the cache of the system user."""
_system_users: LookupCache[int, User] = LookupCache(lambda keys: {_SYSTEM: system_user()}, max_keys=1)


async def _system_user() -> User:
    user = await _system_users.get(_SYSTEM)
    assert user is not None
    return user


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
