"""Reads of settings at the speed of an attribute. Django's take ten times as long, and a call makes many."""

from __future__ import annotations

from django.conf import LazySettings


def patch_settings_access() -> None:
    """Let `settings` read its attributes without the check of `LazyObject` for its own special methods.

    `LazySettings` has none that are read as attributes. It still reads a setting that is missing from Django's, and
    keeps it until settings change.
    """
    LazySettings.__getattribute__ = object.__getattribute__  # type: ignore[method-assign]
