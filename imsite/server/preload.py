"""Imports the application before the server starts, once for all workers of a machine."""

from __future__ import annotations

import gc
import sys
from importlib import import_module

from django.conf import settings
from django.db import connection
from django.urls import get_resolver
from django.utils.module_loading import import_string

from imsite.optional_packages import without_packages


def preload() -> None:
    """Import the application with its URLs, and exempt all that is loaded from garbage collection.

    It starts no thread, event loop or connection and does not import gRPC, so workers may be forked afterwards.
    """
    if connection.vendor != "postgresql":
        # REST framework and the admin's theme import the driver if they find it, which takes 9 MB.
        sys.modules.setdefault("psycopg", None)  # type: ignore[arg-type]
    # httpx would load them for its command line, and REST framework to colour text.
    with without_packages("pygments", "rich"):
        import_module("imsite.asgi")
        # Otherwise the first request would import the views.
        _ = get_resolver().url_patterns
    if settings.REDIS_URL:
        import_string(str(settings.CHANNEL_LAYERS["default"]["BACKEND"]))
    # A full collection would visit all of it, which stops the event loop for 60 ms and copies the pages of a fork.
    gc.collect()
    gc.freeze()
