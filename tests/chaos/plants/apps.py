"""The application that plants the bugs, once all models are loaded."""

from __future__ import annotations

from django.apps import AppConfig


class PlantsConfig(AppConfig):
    name = "tests.chaos.plants"
    label = "plants"

    def ready(self) -> None:
        from tests.chaos.plants import bugs

        bugs.plant()
