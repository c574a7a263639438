"""Delivers webhooks: each hook a cursor on the log, its own task, one node at a time. On the node's event loop.

What has happened is looked at once for all hooks; only those that something concerns are read for, leased and sent to.
A hook that is down, slow or failing costs the others nothing.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx
from django.conf import settings
from django.db import DatabaseError

from chat.actions import webhook_delivery as writes
from chat.hooks import events, signature
from chat.models import Webhook
from chat.selectors import hooks as hook_selectors
from chat.selectors.hooks import Page
from delivery import log, metrics, outward
from delivery.hub import Hub
from delivery.log import Heading
from delivery.outward import Answer
from delivery.threads import run

logger = logging.getLogger(__name__)

_WELL, _FAILED = metrics.WEBHOOKS.labels("ok"), metrics.WEBHOOKS.labels("failed")
HEADINGS = 1000
"""Events that are looked at together; beyond that, every hook looks for itself."""
BEHIND = 1000
"""Positions that did not concern a hook, after which that is written down."""


@dataclass(slots=True)
class _Progress:
    """How far a hook has come: as its row says, and as far as is known that nothing more concerns it."""

    position: int
    quiet: int


class Dispatcher:
    """Started with the node, after its hub."""

    def __init__(self, node: str, hub: Hub) -> None:
        self._node = node
        self._hub = hub
        self._seen = 0
        """All up to here has been looked at for every hook that was ready then."""
        self._looked = 0.0
        self._progress: dict[int, _Progress] = {}
        self._working: dict[int, asyncio.Task[None]] = {}
        self._looking: asyncio.Task[None] | None = None
        self._client: httpx.AsyncClient | None = None

    def start(self) -> None:
        self._seen = self._hub.watermark
        self._client = outward.client()
        self._looking = asyncio.create_task(self._run(), name="webhooks")

    async def stop(self) -> None:
        """Cut what is being sent, and let other nodes send it at once."""
        tasks = [task for task in (self._looking, *self._working.values()) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()
            try:
                await run(writes.webhook_release, node=self._node)
            except DatabaseError as error:
                logger.warning("webhooks_left_to_lapse", extra={"error": type(error).__name__})

    async def _run(self) -> None:
        while True:
            try:
                await self._look()
            except DatabaseError as error:
                logger.warning("webhooks_unreadable", extra={"error": type(error).__name__})
                await asyncio.sleep(settings.IM_LOG_POLL)
            except Exception:
                logger.exception("webhooks_fault")
                await asyncio.sleep(settings.IM_LOG_POLL)
            await self._news()

    async def _news(self) -> None:
        """Wait until something has happened, or long enough for what is due by time alone."""
        while True:
            await asyncio.sleep(settings.IM_WEBHOOK_PACE)
            if self._hub.watermark != self._seen or time.monotonic() - self._looked >= settings.IM_LOG_POLL:
                return

    async def _look(self) -> None:
        """Set out for each hook that is ready and that something may concern."""
        before, upto, self._looked = self._seen, self._hub.watermark, time.monotonic()
        ready = await run(hook_selectors.ready_hooks, self._node)
        news: list[Heading] = []
        if ready and upto > before:
            wanted = hook_selectors.kinds(ready)
            news = await run(log.headings, wanted, after=before, upto=upto, limit=HEADINGS)
        self._seen = upto
        for hook in ready:
            progress = self._progress.get(hook.pk)
            if progress is None or progress.position != hook.position:
                # New to this process, delivered by another node, or taken to another position by an operator.
                progress = self._progress[hook.pk] = _Progress(hook.position, hook.position)
            if hook.pk in self._working:
                continue
            if progress.quiet >= before and len(news) < HEADINGS and not _concerned(hook, news):
                progress.quiet = max(progress.quiet, upto)
                continue
            task = asyncio.create_task(self._deliver(hook, progress), name=f"webhook {hook.pk}")
            self._working[hook.pk] = task
            task.add_done_callback(partial(self._done, hook.pk))

    def _done(self, number: int, task: asyncio.Task[None]) -> None:
        del self._working[number]

    async def _deliver(self, hook: Webhook, progress: _Progress) -> None:
        """Deliver what waits for one hook, until there is nothing more or it fails."""
        try:
            more = True
            while more:
                more = await self._next(hook, progress)
        except DatabaseError as error:
            # The lease lapses by itself, and whoever has it next delivers the same.
            logger.warning("webhook_unwritten", extra={"error": type(error).__name__})
        except Exception:
            logger.exception("webhook_fault")

    async def _next(self, hook: Webhook, progress: _Progress) -> bool:
        """One request's worth; whether there is more to do now. Without anything to send, nothing is written."""
        page = await run(hook_selectors.page, hook, after=progress.quiet)
        if page.ended:
            await run(writes.webhook_end, hook=hook, node=self._node, reason=writes.NO_RIGHT)
            return False
        told = [event for entry in page.entries for event in events.events(hook, entry)]
        if told:
            return await self._send(hook, progress, page, told)
        progress.quiet = page.upto
        if page.upto - progress.position >= BEHIND and await run(
            writes.webhook_passed, hook=hook, node=self._node, upto=page.upto
        ):
            hook.position = progress.position = page.upto
        return page.more

    async def _send(self, hook: Webhook, progress: _Progress, page: Page, told: Sequence[dict[str, Any]]) -> bool:
        leased = await run(writes.webhook_lease, hook=hook, node=self._node)
        if leased is None:
            return False
        assert self._client is not None
        answer = await send(self._client, leased, events.body(leased, told))
        (_WELL if answer.ok else _FAILED).inc()
        moved = await run(
            writes.webhook_attempted,
            hook=leased,
            first=page.entries[0].position,
            last=page.entries[-1].position,
            upto=page.upto,
            more=page.more,
            events=len(told),
            answer=answer,
        )
        if moved:
            hook.position = progress.position = progress.quiet = page.upto
        return moved and page.more


def _concerned(hook: Webhook, news: Sequence[Heading]) -> bool:
    """Whether the hook may want one of these events."""
    wanted = hook_selectors.kinds([hook])
    return any(
        one.kind in wanted and (one.channel == hook.channel_id if hook.channel_id is not None else not one.direct)
        for one in news
    )


async def send(client: httpx.AsyncClient, hook: Webhook, body: bytes) -> Answer:
    """POST a signed body to the hook."""
    signed = signature.headers(hook.secret, body, time.time())
    headers = {"Content-Type": "application/json", "User-Agent": "imsite-webhook", **signed}
    return await outward.post(client, hook.url, body, headers, timeout=settings.IM_WEBHOOK_TIMEOUT)
