"""Previews the links of messages that this node has stored, after their commit, so that no send waits for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from django.conf import settings
from django.db import DatabaseError

from chat.actions import link_preview
from chat.link_previews.addresses import preview_addresses
from chat.link_previews.page_loader import PageLoader
from chat.models import LinkPreview
from chat.wire.schema.events import MESSAGE, MESSAGE_EDITED
from delivery import publish
from delivery.db.executors import run
from delivery.hub.hub import Hub
from delivery.log import Entry
from delivery.log_throttle import log_recovery
from delivery.rate_limits.limiter import RateLimiter

logger = logging.getLogger(__name__)

MAX_MESSAGES = 500
"""Messages of this node whose previews are being made. Further ones get none."""


class PreviewQueue:
    """Makes previews in the background: one task for each message, which a crash may lose."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._loader = PageLoader()
        self._rate_limit = RateLimiter("link-previews", max_keys=10_000, shared_timeout_seconds=0.5)
        self._messages: dict[int, asyncio.Task[None]] = {}
        self._changed: set[int] = set()
        """Messages of `_messages` that have been edited meanwhile."""
        self._loading: dict[str, asyncio.Task[LinkPreview]] = {}
        """Pages that are being loaded, by address."""

    def start(self) -> None:
        if settings.IM_LINK_PREVIEWS:
            publish.observe_commits(self.receive)

    async def stop(self) -> None:
        """Give up the previews that are being made."""
        publish.observe_commits(None)
        tasks = [*self._messages.values(), *self._loading.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._loader.close()

    def receive(self, entries: Sequence[Entry]) -> None:
        """Take the committed events of new and edited messages. Thread-safe; it costs a plain text next to nothing."""
        for entry in entries:
            is_linking = entry.kind == MESSAGE.name and "://" in entry.body["msg"]
            if (is_linking or entry.kind == MESSAGE_EDITED.name) and entry.ref is not None:
                self._hub.call_soon(self._add, entry.ref)

    def _add(self, message_id: int) -> None:
        if message_id in self._messages:
            self._changed.add(message_id)
        elif len(self._messages) < MAX_MESSAGES:
            name = f"link previews {message_id}"
            self._messages[message_id] = asyncio.create_task(self._run(message_id), name=name)

    async def _run(self, message_id: int) -> None:
        try:
            await self._preview(message_id)
            while message_id in self._changed:
                self._changed.discard(message_id)
                await self._preview(message_id)
        except DatabaseError as error:
            logger.warning("link_preview_failed", extra={"error": type(error).__name__})
        except Exception:
            logger.exception("link_preview_error")
        else:
            log_recovery(logger, "link_preview_failed")
        finally:
            del self._messages[message_id]
            self._changed.discard(message_id)

    async def _preview(self, message_id: int) -> None:
        found = await run(link_preview.text_to_preview, message_id)
        if found is None:
            return
        limit = settings.IM_LINK_PREVIEWS_PER_MESSAGE if found.is_wanted else 0
        addresses = preview_addresses(found.text, limit) if limit else []
        if not addresses and not found.has_previews:
            return
        previews = await run(link_preview.known_previews, addresses)
        unknown = [address for address in addresses if address not in previews]
        loaded = await asyncio.gather(*(self._load(address, found.sender) for address in unknown))
        previews |= {row.address: row for row in loaded if row is not None}
        shown = [previews[address] for address in addresses if address in previews]
        await run(link_preview.message_set_previews, message_id=message_id, text=found.text, previews=shown)

    async def _load(self, address: str, sender: int) -> LinkPreview | None:
        """Return the page, which messages that are sent together load once; None if the sender has sent too many."""
        task = self._loading.get(address)
        if task is None:
            rate, burst = settings.IM_LINK_PREVIEW_RATE, settings.IM_LINK_PREVIEW_BURST
            if (await self._rate_limit.draw_async(str(sender), rate=rate, burst=burst)).missing > 0:
                return None
            task = self._loading.get(address) or asyncio.create_task(self._store(address), name="link preview")
            self._loading[address] = task
            task.add_done_callback(lambda _: self._loading.pop(address, None))
        return await asyncio.shield(task)

    async def _store(self, address: str) -> LinkPreview:
        page = await self._loader.load(address)
        return await run(
            link_preview.preview_store,
            address=address,
            title=page.description.title,
            description=page.description.description,
            site_name=page.description.site_name,
            thumbnail=page.thumbnail,
        )
