"""A connection to `/acc` that comes back by itself, knows where it was, and hands on each push once."""

from __future__ import annotations

import asyncio
import logging
import re
from collections import deque
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from websockets.asyncio.client import connect
from websockets.exceptions import InvalidHandshake, InvalidStatus

from imsite.client import envelopes
from imsite.client.backoff import BackOff, seconds
from imsite.client.errors import Closed, Disconnected, Refused
from imsite.client.position_tracker import Progress
from imsite.client.socket import ClientSocket
from imsite.client.types import Me, Push, Sent, new_key

logger = logging.getLogger(__name__)

HEARTBEAT = 25.0
ANSWER_WITHIN = 30.0
CONNECT_WITHIN = 10.0
STABLE = 10.0
"""Seconds after which a connection was a good one, and the next pause is a short one again."""
BACKLOG = 10_000
SIGNED_OUT, TOO_MANY = 4001, 4003
HANDSHAKE_REFUSED = frozenset({401, 403, 404})
NOT_AUTHORISED = 1003
OPERATION_FAILED = 1009
HINT = re.compile(r"retry in (\d+(?:\.\d+)?)s")
"""What a server that goes says with its close code: to each client another moment to come back."""
RESET = "reset"
CLOSED_HERE = "closed here"


class ClientConnection:
    """One logged-in person on one app, for as long as the block lasts. Iterate it for pushes.

    A lost connection is made again, later and later, and what was missed is fetched; only a refused log-in (Refused) or
    an end for good (Closed) ends the line, and is raised by all that is waiting on it.

    Pushes wait until somebody iterates, `backlog` of them at most; past that they are dropped for one `reset`.
    """

    def __init__(
        self,
        url: str,
        credentials: Mapping[str, Any],
        *,
        after: int | None = None,
        heartbeat: float = HEARTBEAT,
        backlog: int = BACKLOG,
        back_off: BackOff | None = None,
    ) -> None:
        self._url = url
        self._credentials = dict(credentials)
        self._heartbeat = heartbeat
        self._backlog = backlog
        self._back_off = back_off or BackOff()
        self._progress = Progress(after)
        self._waiting: deque[Push | int] = deque()
        """Pushes, and between them the positions told: all before one has come when it is reached."""
        self._news = asyncio.Event()
        self._changed = asyncio.Condition()
        self._link: ClientSocket | None = None
        self._me: Me | None = None
        self._end: Exception | None = None
        self._task: asyncio.Task[None] | None = None
        self.cuts = 0
        """How often a connection on which one was logged in has been lost."""
        self.position = after
        """All up to here has been taken out of the loop and is done with: kept somewhere, it is the next `after`."""

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name=f"line {self._url}")
        try:
            await self._connected()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End the line. What still waits for an answer gets Closed; an iteration just ends."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._ended(Closed(None, CLOSED_HERE))

    @property
    def me(self) -> Me:
        """Who one is, by the last log-in."""
        assert self._me is not None, "a line has entered before it is used"
        return self._me

    @property
    def token(self) -> str:
        """What one logs in with; a guest gets it at the first log-in."""
        return str(self._credentials.get("serviceToken", ""))

    def wrote(self, push: Push) -> bool:
        """Whether one caused it oneself, here or on another connection."""
        return push.data.get("fromId") == self.me.id

    async def send(
        self, text: str, *, target: str | None = None, reply_to: str | None = None, key: str | None = None
    ) -> Sent:
        """Say something in a channel (the app's room without). Returns when it is stored: the same message is offered,
        under one key, over as many connections as it takes. Raises Refused if the site does not want it."""
        fields = {"target": target, "replyTo": reply_to}
        given = {name: value for name, value in fields.items() if value is not None}
        stored = await self.call(
            "message.send", repeat=True, type="text", msg=text, clientMsgId=key or new_key(), **given
        )
        sent = Sent.of(stored)
        self._progress.know(sent.position)
        return sent

    async def call(self, cmd: str, /, *, repeat: bool = False, **data: Any) -> Any:
        """Any command of the protocol; its reply's data. Waits for a connection if there is none at the moment.

        `repeat`: carrying it out twice does no harm, so it is asked again after a cut, or a fault that passes. Without
        it Disconnected says that the outcome is unknown.
        """
        pauses = BackOff()
        while True:
            link = await self._connected()
            try:
                return await link.request(cmd, data, ANSWER_WITHIN)
            except Disconnected:
                if not repeat:
                    raise
                await self._gone(link)
            except Refused as refusal:
                if not repeat or not refusal.passing:
                    raise
                await asyncio.sleep(pauses.pause(refusal.retry_after))

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Push:
        while True:
            while self._waiting:
                item = self._waiting.popleft()
                if isinstance(item, Push):
                    return item
                self.position = item
            if isinstance(self._end, Closed) and self._end.reason == CLOSED_HERE:
                raise StopAsyncIteration
            if self._end is not None:
                raise self._end
            self._news.clear()
            await self._news.wait()

    async def _run(self) -> None:
        while True:
            told: float | None = None
            try:
                told = await self._live()
            except (Refused, Closed) as error:
                if isinstance(error, Closed) or not (error.passing or error.code == OPERATION_FAILED):
                    await self._ended(error)
                    return
                told = error.retry_after
                logger.info("connection_refused", extra={"code": error.code})
            except InvalidStatus as error:
                status, headers = error.response.status_code, error.response.headers
                if status in HANDSHAKE_REFUSED:
                    await self._ended(Refused(NOT_AUTHORISED, "The handshake was refused.", status=status))
                    return
                told = seconds(headers.get("Retry-After"))
                logger.info("connection_turned_away", extra={"status": status})
            except (OSError, EOFError, InvalidHandshake, Disconnected) as error:
                logger.info("connection_lost", extra={"error": type(error).__name__})
            await asyncio.sleep(self._back_off.pause(told))

    async def _live(self) -> float | None:
        """One connection from beginning to end; returns the pause that the server asked for, if it did.

        Raises Closed or Refused where there is no point in coming back.
        """
        async with connect(
            self._url, open_timeout=CONNECT_WITHIN, close_timeout=2, ping_interval=None, max_size=None, compression=None
        ) as socket:
            link = ClientSocket(socket, self._pushed)
            reading = asyncio.create_task(link.read(), name="line reader")
            stable = asyncio.get_running_loop().call_later(STABLE, self._back_off.reset)
            try:
                await self._enter(link)
                await self._set_link(link)
                await self._beat(link, reading)
            finally:
                self.cuts += self._link is link
                stable.cancel()
                await self._set_link(None)
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)
        code, reason = link.ended_with
        if code in (SIGNED_OUT, TOO_MANY):
            raise Closed(code, reason)
        hint = HINT.fullmatch(reason)
        return float(hint[1]) if hint else None

    async def _enter(self, link: ClientSocket) -> None:
        """Log in, and fetch what was missed."""
        self._progress.entering()
        after = {} if self._progress.told is None else {"after": self._progress.told}
        login = await link.request("login", {**self._credentials, **after}, ANSWER_WITHIN)
        self._me = Me.of(login)
        if token := login.get("serviceToken"):
            # A guest comes back as the same one, not as another of that name.
            self._credentials = {"appId": self._me.app, "serviceToken": token}
        more = self._progress.entered(login["position"])
        while more:
            page = await link.request("sync", {"after": self._progress.told}, ANSWER_WITHIN)
            position, more = page["position"], bool(page.get("hasMore"))
            if page.get("reset"):
                self._hand_on(Push(RESET, {"position": position}))
                self._hand_on(*self._progress.reset(position))
            else:
                missed = [envelopes.envelope(item).push() for item in page["events"]]
                self._hand_on(*self._progress.fetched(missed, position, more=more))
            self._told()
        self._told()

    async def _beat(self, link: ClientSocket, reading: asyncio.Task[None]) -> None:
        """Until the connection ends: say that one is there, and be told how far one is."""
        while not (await asyncio.wait((reading,), timeout=self._heartbeat))[0]:
            self._progress.tell((await link.request("heartbeat", {}, ANSWER_WITHIN))["position"])
            self._told()

    def _pushed(self, push: Push) -> None:
        self._hand_on(*self._progress.pushed(push))

    def _hand_on(self, *pushes: Push) -> None:
        self._waiting += pushes
        if len(self._waiting) > self._backlog:
            self._waiting.clear()
            self._waiting.append(Push(RESET, {"position": self._progress.told}))
        self._news.set()

    def _told(self) -> None:
        """Mark the place in the row of pushes up to which nothing is missing."""
        if self._progress.told is not None:
            if self._waiting and isinstance(self._waiting[-1], int):
                self._waiting.pop()
            self._waiting.append(self._progress.told)
            self._news.set()

    async def _connected(self) -> ClientSocket:
        """The link, once there is one that has entered. Raises what ended the line."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._link is not None or self._end is not None)
            if self._link is None:
                assert self._end is not None
                raise self._end
            return self._link

    async def _gone(self, link: ClientSocket) -> None:
        """Wait until that link is no longer the line's."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._link is not link)

    async def _set_link(self, link: ClientSocket | None) -> None:
        async with self._changed:
            self._link = link
            self._changed.notify_all()

    async def _ended(self, error: Exception) -> None:
        async with self._changed:
            self._end = self._end or error
            self._link = None
            self._changed.notify_all()
        self._news.set()
