"""Counts logged errors for the metrics."""

from __future__ import annotations

import logging

from delivery.metrics import ERRORS


class ErrorCountHandler(logging.Handler):
    """Logging handler that counts records. Configure it with level ERROR."""

    def emit(self, record: logging.LogRecord) -> None:
        ERRORS.inc()
