"""Finds the bundles for Django's static files: for the server, `collectstatic` and the version in URLs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.checks import CheckMessage
from django.core.files.storage import FileSystemStorage

from imsite.bundles.store import bundle_directory, bundle_files


class BundleFinder(BaseFinder):
    """Finds the bundles of the present sources, and none if the setting IM_STATIC_BUNDLES is off."""

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> str | Sequence[str]:  # type: ignore[override]
        if not settings.IM_STATIC_BUNDLES or path not in bundle_files():
            return []
        found = str(bundle_directory() / path)
        return [found] if find_all else found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterable[Any]:
        if settings.IM_STATIC_BUNDLES:
            storage = FileSystemStorage(location=bundle_directory())
            yield from ((name, storage) for name in bundle_files())
