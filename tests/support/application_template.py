"""The site's application, imported before `tests.support.commands` forks, and given the settings of each fork after it.

No module of the application reads a setting that differs between sites while it is imported, except those in
`_SETTINGS_MODULES`, so a fork differs from a new process only in the time that it needs. A supervisor with several
workers forks after the same imports.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys

_SETTINGS_MODULES = (
    "imsite.settings", "imsite.options", "imsite.connection_urls", "imsite.database", "imsite.logging_config",
)  # fmt: skip
"""Modules that read the environment while they are imported."""
_MODULES = (
    "chat.consumers.json_consumer", "chat.consumers.protobuf_consumer", "chat.node.lifecycle", "imsite.cookie_parser",
    "imsite.monitoring.loop_lag", "imsite.server.fast_path", "imsite.server.preload", "imsite.server.proxy_headers",
    "imsite.server.request_threads", "imsite.server.runner", "imsite.urls",
)  # fmt: skip
"""The imports of `imsite.asgi`, which is left out because it creates the middleware, which reads settings."""


def preload() -> None:
    """Import the application with the settings of no site. Leaves no trace in the environment and on the disk."""
    neutral = {"DJANGO_SETTINGS_MODULE": "imsite.settings", "SECRET_KEY": "of no site"}
    os.environ.update(neutral)
    try:
        import django
        from django.conf import settings
        from django.urls import get_resolver
        from django.utils.module_loading import import_string

        django.setup()
        for name in _MODULES:
            importlib.import_module(name)
        for middleware in settings.MIDDLEWARE:
            import_string(middleware)
        _ = get_resolver().url_patterns
        _forget_settings()
    finally:
        for name in neutral:
            del os.environ[name]
    # Otherwise each fork would visit and copy all of it.
    gc.collect()
    gc.freeze()


def adopt_environment() -> None:
    """Read the settings from the environment of this process. The command reports wrong ones itself."""
    from django.conf import ENVIRONMENT_VARIABLE, settings
    from django.core.exceptions import ImproperlyConfigured

    os.environ.setdefault(ENVIRONMENT_VARIABLE, "imsite.settings")
    try:
        _ = settings.INSTALLED_APPS
    except ImproperlyConfigured:
        _forget_settings()
        return
    # It sets the defaults of its settings while it is imported.
    importlib.reload(sys.modules["axes.conf"])


def _forget_settings() -> None:
    from django.conf import settings
    from django.db import connections
    from django.utils.functional import empty

    for name in _SETTINGS_MODULES:
        if sys.modules.pop(name, None) is not None:
            package, _, module = name.rpartition(".")
            delattr(sys.modules[package], module)
    settings._wrapped = empty
    # It keeps DATABASES.
    connections.__dict__.pop("settings", None)
    connections.__init__()  # type: ignore[misc]
