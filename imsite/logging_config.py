"""How the site logs: one line an event on standard error, readable while developing, JSON in production."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable
from typing import Any, cast

import structlog

from imsite.options import DEVELOPMENT, read

_SECRET_PATH = re.compile(r"(/hooks/|/accounts/reset/\w+/|/accounts/email/)[\w:.-]{20,}")
"""The path of an incoming webhook is its secret; so is that of a link in a mail."""

EXTRA_KEYS = (
    "action", "call", "cmd", "code", "connections", "count", "entries", "error", "job", "kind", "left_out",
    "messages", "node", "operator", "position", "provider", "target",
)  # fmt: skip
"""What our own events add. Not everything a record carries: Django hangs the whole request on its own."""

_RENDERERS: list[Any] = (
    # Not the pretty traceback: it shows the values of variables, secrets among them.
    [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
    if DEVELOPMENT
    else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
)


def _mask(logger: Any, method: str, line: str) -> str:
    """The finished line without what nobody may read there, wherever in it that stands."""
    return _SECRET_PATH.sub(r"\1***", line)


class RedisAway(logging.Filter):
    """Leaves out what channels-redis says with a traceback, again and again, while Redis is away.

    `delivery.cluster.redis_client` says it in one line.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        from redis.exceptions import ConnectionError, TimeoutError  # Only a cluster needs them.

        error = record.exc_info[1] if record.exc_info else None
        return not isinstance(error, ConnectionError | TimeoutError | OSError)


class LogRateLimit(logging.Filter):
    """Lets IM_LOG_RATE_LIMIT warnings or errors of one kind through in ten seconds: an outage must not fill the disk.

    The first after them says with `left_out` how many were not logged.
    """

    SECONDS = 10.0
    KINDS = 1000
    """Kinds that are known at a time; lines that are never the same would otherwise be kept for ever."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._most = int(cast(int, read("IM_LOG_RATE_LIMIT")))
        self._clock = clock
        self._lock = threading.Lock()
        self._kinds: dict[tuple[str, str], tuple[float, int]] = {}
        """When the present ten seconds began, and how many lines of the kind there were in them."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING or not self._most:
            return True
        kind, now = (record.name, str(record.msg)), self._clock()
        with self._lock:
            began, count = self._kinds.get(kind, (now, 0))
            if now - began >= self.SECONDS:
                if count > self._most:
                    record.left_out = count - self._most
                began, count = now, 0
            elif not count and len(self._kinds) >= self.KINDS:
                self._kinds.clear()
            self._kinds[kind] = began, count + 1
        return count < self._most


LOG_LINES: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_RENDERERS, _mask],
            "foreign_pre_chain": [
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso"),
                structlog.stdlib.ExtraAdder(allow=EXTRA_KEYS),
            ],
        }
    },
    "filters": {
        "redis away": {"()": "imsite.logging_config.RedisAway"},
        "floods": {"()": "imsite.logging_config.LogRateLimit"},
    },
    "handlers": {
        # For the metrics and the admin's first page.
        "errors": {"class": "imsite.monitoring.error_counter.CountErrors", "level": "ERROR"},
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["floods"]},
    },
    "root": {"handlers": ["console", "errors"], "level": str(read("IM_LOG_LEVEL"))},
    "loggers": {
        "django": {"handlers": [], "level": str(read("IM_LOG_LEVEL"))},
        # What operators do is told in any case.
        "operators": {"level": "INFO"},
        # A page that does not exist is no event; one that fails is.
        "django.request": {"level": "ERROR"},
        # They write down whole URLs, and those of webhooks and of sign-ins by other sites hold secrets.
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        "urllib3": {"level": "WARNING"},
        "channels_redis.pubsub": {"filters": ["redis away"]},
    },
}
