"""`manage.py runserver`: daphne's development server.

daphne is not in INSTALLED_APPS, because it would load Twisted in every command and node, nearly half of their start
time.
"""

from __future__ import annotations

from daphne.management.commands.runserver import Command

__all__ = ["Command"]
