"""What other systems do by HTTP: see who is online, and say something to one person or to everybody on an app.

People are named as the wire names them. An account is found by the compared form of its name, guests by exactly the
name they bear; several guests may bear one.
"""

from __future__ import annotations

from django.conf import settings
from django.db import IntegrityError

from accounts.actions import system_user
from accounts.models import App, User
from accounts.names import USER_NAME_LIMIT, BadName, check_name
from accounts.selectors.contacts import users_hiding_presence
from accounts.selectors.users import app_by_number, user_by_name
from chat import errors, rules, selectors
from chat.actions import ephemeral
from chat.actions.channel import channel_create_private
from chat.actions.message import message_send_now
from chat.errors import ChatError
from chat.selectors.presence import query_presence, visible_users
from chat.sending.drafts import Draft
from delivery import idempotency, publish
from delivery.db.transactions import write
from delivery.idempotency import ScopedKey
from delivery.presence.base import Presence

MSG_ID_LIMIT = 200


def app_known(number: int) -> App:
    """The app, or NOT_AUTHORISED: unknown and disabled ones look alike."""
    app = app_by_number(number)
    if app is None:
        raise ChatError(errors.NOT_AUTHORISED, "There is no such app.")
    return app


def names_online(*, app_number: int) -> list[str]:
    """The names of everybody online on the app, one for each person; two guests of one name are two.

    Who lets nobody see that they are online is left out, here and in `is_online`.
    """
    app = app_known(app_number)
    nobody: dict[int, str] = {}
    return list(visible_users(query_presence(lambda presence: presence.persons(app.number), nobody)).values())


def is_online(*, name: str, app_number: int | None = None) -> bool:
    """Whether somebody of that name is online, on the app or (None) on any."""
    _require_name(name)
    app = app_known(app_number).number if app_number is not None else None
    online = _online_ids(name, app)
    return bool(set(online) - users_hiding_presence(online))


def message_send_to_person(
    *, caller: User | None, name: str, msg_id: str, text: str, app_number: int | None = None
) -> bool | None:
    """Say something to everybody of that name, as the calling service (None: as `system`).

    An account gets it in the private channel of the two, where it stands for later; guests get it at most once, if they
    are there now. `app_number` limits live delivery to connections on that app. Returns whether anybody of the name was
    online, on whatever app; None if the caller has used the msg_id before: then nothing is sent.

    A name that nobody bears is answered like that of somebody who is offline, and uses the msg_id up as well: callers
    know sendResults for both, and cannot tell by the answer which accounts exist.
    """
    _require_name(name)
    text = rules.check_text(text, limit=settings.IM_MESSAGE_MAX_LENGTH)
    app = app_known(app_number).number if app_number is not None else None
    service = caller or system_user()
    key = _scoped_key(service, msg_id)
    online = _online_ids(name)
    guests = [user.pk for user in selectors.users_by_ids(online).values() if user.is_guest and user.is_active]
    person = user_by_name(name)
    # Before the channel is made: a repeat with another name must make none. The key is claimed with what it guards.
    if idempotency.find_claimed([key]):
        return None
    if person is not None:
        channel, _ = channel_create_private(creator=service, other=person)
        draft = Draft(service.pk, channel.pk, text, live_app=app, push_seq=msg_id, scoped_key=key)
        if message_send_now(draft).repeated:
            return None
    elif not _claim(key):
        return None
    if guests:
        publish.transient(ephemeral.entry(service, text, push_seq=msg_id, persons=tuple(guests), app=app))
    return bool(online)


def message_send_to_app(*, caller: User | None, name: str, msg_id: str, text: str, app_number: int) -> bool | None:
    """Say something to everybody on an app, in the name of somebody who does not get it live.

    From an open network (`caller` None) the author is who bears the name and is online there, else `system` in that
    name. A caller with a token of its own is always the author, in that name: a token gives no right to be somebody
    else. Returns True; None if the caller has used the msg_id before: then nothing is sent.
    """
    name = _require_name(name)
    text = rules.check_text(text, limit=settings.IM_MESSAGE_MAX_LENGTH)
    app = app_known(app_number)
    key = _scoped_key(caller or system_user(), msg_id)
    bearer = _bearer(name, app.number)
    author = caller or bearer or system_user()
    draft = Draft(
        author.pk,
        selectors.global_channel(app).pk,
        text,
        push_seq=msg_id,
        shown_as="" if author == bearer or author.public_name == name else name,
        skip_live=bearer.pk if bearer is not None else None,
        scoped_key=key,
    )
    return None if message_send_now(draft).repeated else True


def _online_ids(name: str, app: int | None = None) -> list[int]:
    """Everybody of that name who is online: guests by the very name, an account however it is spelt."""
    person = user_by_name(name)

    async def bearers(presence: Presence) -> list[int]:
        found = set(await presence.named(name, app))
        if person is not None:
            found |= await presence.online([person.pk], app)
        return sorted(found)

    return query_presence(bearers, [])


def _bearer(name: str, app: int) -> User | None:
    """Whom the name means on that app: the account, else the guest who came last.

    Of several guests of one name the earlier ones are most likely connections that their network has lost.
    """
    people = selectors.users_by_ids(_online_ids(name, app)).values()
    return max((user for user in people if user.is_active), key=lambda user: (not user.is_guest, user.pk), default=None)


def _require_name(name: str) -> str:
    """The name if somebody could be shown under it, else ILLEGAL_USER_ID."""
    try:
        return check_name(name, limit=USER_NAME_LIMIT)
    except BadName as error:
        raise ChatError(errors.ILLEGAL_USER_ID, str(error)) from error


def _scoped_key(caller: User, msg_id: str) -> ScopedKey:
    """The key that makes a call happen once; one msg_id serves one call of a caller, of whichever kind.

    Without it a call could not be repeated safely, so it must be there.
    """
    if not msg_id or len(msg_id) > MSG_ID_LIMIT or not msg_id.isprintable():
        raise ChatError(errors.ILLEGAL_PARAMETER, f"msgID has 1 to {MSG_ID_LIMIT} printable characters.", field="msgID")
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
