"""Storage by which `collectstatic` uploads static files to a bucket. Nodes do not import it."""

from __future__ import annotations

import posixpath

from django.conf import settings
from storages.backends.s3 import S3Storage

from chat.attachments.s3_storage import client_config
from imsite.static_files import version_directory

_CACHE_CONTROL = "public, max-age=31536000, immutable"


class StaticBucket(S3Storage):  # type: ignore[misc]
    """The files of this version in IM_STATIC_S3_BUCKET, beside those of earlier versions."""

    def __init__(self) -> None:
        super().__init__(
            bucket_name=settings.IM_STATIC_S3_BUCKET,
            endpoint_url=settings.IM_S3_ENDPOINT or None,
            region_name=settings.IM_S3_REGION,
            access_key=settings.IM_S3_KEY or None,
            secret_key=settings.IM_S3_SECRET or None,
            location=posixpath.join(settings.IM_STATIC_S3_PREFIX, version_directory()).strip("/"),
            client_config=client_config(addressing_style=settings.IM_S3_ADDRESSING, timeout=settings.IM_S3_TIMEOUT),
            object_parameters={"CacheControl": _CACHE_CONTROL},
            querystring_auth=False,
        )
