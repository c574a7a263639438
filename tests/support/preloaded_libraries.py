"""Imports the site and its libraries before `tests.support.commands` forks."""

from __future__ import annotations

import contextlib
import importlib
import os

from tests.support import application_template

_LIBRARIES = (
    "argon2", "channels_redis.core", "cryptography.fernet", "cryptography.x509", "django.contrib.admin.options",
    "django.contrib.postgres.search", "django.core.handlers.asgi", "django.core.management", "django.db.models",
    "django.forms", "django.template.loader", "django.views.debug", "environ", "grpc.aio", "grpc_health.v1.health",
    "httpx", "msgspec", "openid.consumer.consumer", "PIL.Image", "prometheus_client", "psycopg_pool", "pypinyin",
    "redis.asyncio", "rest_framework.views", "social_core.backends.google", "structlog", "uvicorn.server", "uvloop",
    "websockets.sync.client", "whitenoise.base",
)  # fmt: skip

# Each command reads the settings of its own environment.
os.environ.pop("DJANGO_SETTINGS_MODULE", None)
for _name in _LIBRARIES:
    # A module that fails for want of settings has imported others by then.
    with contextlib.suppress(Exception):
        importlib.import_module(_name)
application_template.preload()
