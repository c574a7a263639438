"""Loads a page and its picture for a preview: bounded in time, bytes and redirects, each step under the SSRF guard."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from django.conf import settings

from chat.attachments.inspection import Thumbnail, make_thumbnail
from chat.link_previews.host_limiter import HostBusy, HostLimiter
from chat.link_previews.page_parser import MAX_TITLE_LENGTH, PageDescription, clean_text
from chat.link_previews.page_process import describe_page
from delivery.outbound.page_client import Page, PageNotRead, read_page

T = TypeVar("T")

_PAGES = ("text/html", "application/xhtml+xml")
_PICTURES = ("image/jpeg", "image/png", "image/gif", "image/webp")


@dataclass(frozen=True, slots=True)
class LoadedPage:
    """The description of a page, and a small copy of its picture if it has one."""

    description: PageDescription
    thumbnail: Thumbnail | None = None


class PageLoader:
    """Loads pages, politely to their hosts. Event loop only."""

    def __init__(self) -> None:
        self._hosts = HostLimiter(settings.IM_LINK_PREVIEW_HOST_INTERVAL)
        # One of its own: hostile pages and pictures delay nothing but other previews.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="link previews")

    def close(self) -> None:
        """Give up what waits for the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def load(self, address: str) -> LoadedPage:
        """Return what the page says of itself; empty if it cannot be read or says nothing."""
        try:
            page = await self._read(address, settings.IM_LINK_PREVIEW_MAX_BYTES, _is_page)
        except (PageNotRead, HostBusy):
            return LoadedPage(PageDescription())
        if _media_type(page.content_type) in _PICTURES:
            name = unquote(urlsplit(address).path.rsplit("/", 1)[-1])
            described = PageDescription(title=clean_text(name, MAX_TITLE_LENGTH) or page.url.host, picture=address)
        elif page.body:
            described = await self._in_thread(partial(describe_page, page.body, page.content_type, str(page.url)))
        else:
            described = PageDescription()
        if not described.title or not described.picture:
            return LoadedPage(described)
        return LoadedPage(described, await self._thumbnail(described.picture))

    async def _thumbnail(self, address: str) -> Thumbnail | None:
        try:
            page = await self._read(address, settings.IM_LINK_PREVIEW_PICTURE_MAX_BYTES, _is_picture)
        except (PageNotRead, HostBusy):
            return None
        if not page.body or not page.is_complete:
            return None
        return await self._in_thread(partial(make_thumbnail, page.body))

    async def _in_thread(self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function)

    async def _read(self, address: str, max_bytes: int, accepts: Callable[[str], bool]) -> Page:
        """Return the page after its redirects. Each address is checked like the first; the time is that of all."""
        headers = {"User-Agent": settings.IM_LINK_PREVIEW_USER_AGENT, "Accept": "text/html,image/*;q=0.5"}
        left = settings.IM_LINK_PREVIEW_TIMEOUT
        loop = asyncio.get_running_loop()
        for _ in range(settings.IM_LINK_PREVIEW_MAX_REDIRECTS + 1):
            try:
                host = (urlsplit(address).hostname or "").rstrip(".")
            except ValueError:
                raise PageNotRead("This is not a valid URL.") from None
            async with self._hosts.request(host):
                began = loop.time()
                page = await read_page(
                    address,
                    headers,
                    private_networks=settings.IM_LINK_PREVIEW_PRIVATE_NETWORKS,
                    ports=settings.IM_LINK_PREVIEW_PORTS,
                    timeout=left,
                    max_bytes=max_bytes,
                    accepts=accepts,
                )
            left -= loop.time() - began
            if not page.location or left <= 0:
                return page
            try:
                address = urldefrag(urljoin(str(page.url), page.location)).url
            except ValueError:
                break
        raise PageNotRead("It redirects too often.")


def _media_type(content_type: str) -> str:
    return content_type.split(";", 1)[0].strip().lower()


def _is_page(content_type: str) -> bool:
    return _media_type(content_type) in _PAGES


def _is_picture(content_type: str) -> bool:
    return _media_type(content_type) in _PICTURES
