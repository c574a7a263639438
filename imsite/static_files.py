"""Static files with a version in their URL, which browsers cache forever: `/static/v-3f2a…/js/main.js`.

The version is a hash of all files and precedes the path. Files refer to each other (modules, styles, fonts) by
relative paths, so references stay within one version without being rewritten.

With IM_STATIC_URL, pages name the files at another host. The site serves them as well: a CDN may get them from there.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware  # type: ignore[import-untyped]

_VERSION_DIRECTORY = re.compile(r"v-[0-9a-f]{16}/")


@cache
def version_directory() -> str:
    """Return `v-` and a hash of all static files' names and contents. It is computed once per process."""
    files: dict[str, Path] = {}
    for finder in finders.get_finders():
        for name, storage in finder.list([]):
            # Of several files with one name, the first is served.
            files.setdefault(name, Path(storage.path(name)))
    digest = hashlib.sha256()
    for name, path in sorted(files.items()):
        digest.update(name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return f"v-{digest.hexdigest()[:16]}/"


class VersionedStorage(StaticFilesStorage):
    """Storage for `collectstatic`: puts a version's files beside those of earlier versions, with versioned URLs."""

    def __init__(self) -> None:
        directory = version_directory()
        super().__init__(
            location=Path(settings.STATIC_ROOT) / directory, base_url=settings.STATIC_FILES_URL + directory
        )


class StaticFilesMiddleware(WhiteNoiseMiddleware):  # type: ignore[misc]
    """whitenoise with versioned URLs, which browsers may cache forever.

    A URL with another version, from a page of another node during an upgrade, gets the present file without caching.
    """

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response: HttpResponse
        unversioned = self._without_version(request.path_info)
        if unversioned in self.files and request.path_info not in self.files:
            response = self.serve(self.files[unversioned], request)
            response["Cache-Control"] = "no-cache"
        else:
            response = super().__call__(request)
        return response

    def add_files_from_finders(self) -> None:
        super().add_files_from_finders()
        self.static_prefix = settings.STATIC_URL + version_directory()
        super().add_files_from_finders()
        self.static_prefix = settings.STATIC_URL

    def immutable_file_test(self, path: str, url: str) -> bool:
        return self._without_version(url) is not None

    def _without_version(self, url: str) -> str | None:
        """Return the URL without its version; None if it has no version."""
        path = url.removeprefix(settings.STATIC_URL)
        version = _VERSION_DIRECTORY.match(path) if path != url else None
        return settings.STATIC_URL + path[version.end() :] if version else None
