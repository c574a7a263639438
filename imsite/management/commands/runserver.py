"""`manage.py runserver`: the development server, on daphne.

Daphne is no installed app here: as one, it loads Twisted for every command and every node, nearly half of their start.
"""

from __future__ import annotations

from daphne.management.commands.runserver import Command

__all__ = ["Command"]
