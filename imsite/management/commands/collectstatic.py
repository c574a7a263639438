"""`manage.py collectstatic`: Django's command, which uploads to IM_STATIC_S3_BUCKET if that is set."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.staticfiles.management.commands import collectstatic


class Command(collectstatic.Command):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if settings.IM_STATIC_S3_BUCKET:
            from imsite.static_upload import StaticBucket  # Amazon's library takes 30 MB.

            self.storage = StaticBucket()
