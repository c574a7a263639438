"""Logging: one line per event on standard error, readable text in development and JSON in production."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable
from typing import Any, cast

from delivery.log_throttle import THROTTLE, LogThrottle
from delivery.request_id import request_id
from imsite.optional_packages import without_packages
from imsite.options import DEVELOPMENT, read

with without_packages("greenlet", "rich", "twisted"):
    # It would load them for tracebacks, context and logs that the site does not use, which takes 6 MB.
    import structlog

_SECRET_PATH = re.compile(r"(/hooks/|/accounts/reset/\w+/|/accounts/email/)[\w:.-]{20,}")
"""URLs of incoming webhooks and of links in mails. Their paths are secrets."""

EXTRA_KEYS = (
    "action", "allowed", "call", "cmd", "code", "connections", "count", "entries", "error", "file", "job", "key",
    "kind", "left_out", "messages", "node", "operator", "outage", "position", "provider", "received", "seconds",
    "setting", "sha256", "target", "threat", "user",
)  # fmt: skip
"""Fields that the site's own log events add. Other extras, such as Django's request objects, are not logged."""

_RENDERERS: list[Any] = (
    # Plain tracebacks: the pretty ones show the values of variables, which may be secrets.
    [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
    if DEVELOPMENT
    else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
)


def _mask_secrets(logger: Any, method: str, line: str) -> str:
    """Replace secret parts of URLs anywhere in the finished line."""
    return _SECRET_PATH.sub(r"\1***", line)


def _add_request_id(logger: Any, method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Add the id of the request in whose course the line is logged."""
    if value := request_id():
        event["request"] = value
    return event


class RedisErrorFilter(logging.Filter):
    """Drops the tracebacks that channels-redis logs repeatedly while Redis is down.

    `delivery.cluster.redis_client` logs the outage in one line.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        from redis.exceptions import ConnectionError, TimeoutError  # Only a cluster needs redis.

        error = record.exc_info[1] if record.exc_info else None
        return not isinstance(error, ConnectionError | TimeoutError | OSError)


class RefusedRequestFilter(logging.Filter):
    """Shortens Django's records of refused requests, such as one for an unknown host, to one line without a traceback.

    All refusals of a class count as one kind for the rate limit, whatever the clients have sent.
    """

    PREFIX = "django.security."

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith(self.PREFIX):
            record.msg, record.args = "%s", (record.getMessage(),)
            record.exc_info = record.exc_text = None
        return True


class LogRateLimit(logging.Filter):
    """Passes repeated warnings and errors at growing intervals, so that an outage cannot fill the disk.

    Of lines that differ in their details, it passes IM_LOG_RATE_LIMIT per log event and ten seconds. The next line
    reports in `left_out` how many were dropped.
    """

    WINDOW_SECONDS = 10.0
    MAX_KINDS = 1000
    """Log events that are counted at a time. Without the limit, ever-changing messages would take ever more memory."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, throttle: LogThrottle = THROTTLE) -> None:
        super().__init__()
        self._throttle = throttle
        self._limit = int(cast(int, read("IM_LOG_RATE_LIMIT")))
        self._clock = clock
        self._lock = threading.Lock()
        self._kinds: dict[tuple[str, str], tuple[float, int]] = {}
        """Logger name and message to the start of the present window and the number of records in it."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING or not self._limit:
            return True
        if not self._throttle.admit(record):
            return False
        kind, now = (record.name, str(record.msg)), self._clock()
        with self._lock:
            window_start, count = self._kinds.get(kind, (now, 0))
            if now - window_start >= self.WINDOW_SECONDS:
                if count > self._limit:
                    record.left_out = count - self._limit + getattr(record, "left_out", 0)
                window_start, count = now, 0
            elif not count and len(self._kinds) >= self.MAX_KINDS:
                self._kinds.clear()
            self._kinds[kind] = window_start, count + 1
        return count < self._limit


LOGGING_SETTINGS: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_RENDERERS, _mask_secrets],
            "foreign_pre_chain": [
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso"),
                structlog.stdlib.ExtraAdder(allow=EXTRA_KEYS),
                _add_request_id,
            ],
        }
    },
    "filters": {
        "refused_forms": {"()": "imsite.refused_requests.RefusedFormFilter"},
        "refused_hosts": {"()": "imsite.refused_requests.RefusedHostFilter"},
        "redis_errors": {"()": "imsite.logging_config.RedisErrorFilter"},
        "refused_requests": {"()": "imsite.logging_config.RefusedRequestFilter"},
        "rate_limit": {"()": "imsite.logging_config.LogRateLimit"},
    },
    "handlers": {
        # Counts errors for the metrics and the admin's overview.
        "errors": {"class": "imsite.monitoring.error_counter.ErrorCountHandler", "level": "ERROR"},
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["refused_requests", "rate_limit"],
        },
    },
    "root": {"handlers": ["console", "errors"], "level": str(read("IM_LOG_LEVEL"))},
    "loggers": {
        "django": {"handlers": [], "level": str(read("IM_LOG_LEVEL"))},
        # Actions of operators are always logged.
        "operators": {"level": "INFO"},
        # Log failing pages, but not missing ones.
        "django.request": {"level": "ERROR"},
        "django.security.csrf": {"filters": ["refused_forms"]},
        "django.security.DisallowedHost": {"filters": ["refused_hosts"]},
        # They log whole URLs. Those of webhooks and OAuth sign-ins contain secrets.
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        "urllib3": {"level": "WARNING"},
        "channels_redis.pubsub": {"filters": ["redis_errors"]},
    },
}
