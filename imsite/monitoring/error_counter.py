"""How many faults were logged, for the metrics."""

from __future__ import annotations

import logging

from delivery.metrics import ERRORS


class CountErrors(logging.Handler):
    """Counts what is logged as an error or worse."""

    def emit(self, record: logging.LogRecord) -> None:
        ERRORS.inc()
