"""Static files under addresses that change with them, so that browsers keep them: `/static/v-3f2a…/js/main.js`.

The version stands in front of the path and is that of all files together. What they say of each other (imports of
modules and styles, fonts) are relative paths, and so stays within one version without being rewritten.
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

_DIRECTORY = re.compile(r"v-[0-9a-f]{16}/")


@cache
def version_directory() -> str:
    """`v-` and a hash of all static files' names and contents, as they were when this process first asked."""
    files: dict[str, Path] = {}
    for finder in finders.get_finders():
        for name, storage in finder.list([]):
            # Of several files of one name the first is the one that is served.
            files.setdefault(name, Path(storage.path(name)))
    seen = hashlib.sha256()
    for name, path in sorted(files.items()):
        seen.update(name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return f"v-{seen.hexdigest()[:16]}/"


class VersionedStorage(StaticFilesStorage):
    """Where `collectstatic` puts a version's files, beside those of earlier ones, and how pages call them."""

    def __init__(self) -> None:
        directory = version_directory()
        super().__init__(location=Path(settings.STATIC_ROOT) / directory, base_url=settings.STATIC_URL + directory)


class StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc]
    """whitenoise, which also serves the files under their version's addresses, to be kept for good.

    A version that is not here (a page of another node, of before or after an upgrade) gets the files that are, to be
    asked for anew each time.
    """

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response: HttpResponse
        plain = self._without_version(request.path_info)
        if plain in self.files and request.path_info not in self.files:
            response = self.serve(self.files[plain], request)
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
        """The address without its version; None where it has none."""
        rest = url.removeprefix(settings.STATIC_URL)
        found = _DIRECTORY.match(rest) if rest != url else None
        return settings.STATIC_URL + rest[found.end() :] if found else None
