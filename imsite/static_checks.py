"""System checks of static files on another host."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

# It stands in the Content-Security-Policy, where blanks, commas and semicolons end a source.
_ADDRESS = re.compile(
    r"(?:https://[\w.-]+(?::\d+)?|http://(?:127\.0\.0\.1|localhost)(?::\d+)?)(?:/[\w.~/-]*)?", re.ASCII
)


@register("imsite")
def check_static_files(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report an address from which browsers refuse files, and a bucket that would show private files to everybody."""
    problems = []
    if settings.IM_STATIC_URL and not _ADDRESS.fullmatch(settings.IM_STATIC_URL):
        problems.append(
            f'IM_STATIC_URL: "{settings.IM_STATIC_URL}" must be https://, a host and a path, such as '
            "https://cdn.example.org/static/."
        )
    if settings.IM_STATIC_S3_BUCKET and not settings.IM_STATIC_URL:
        problems.append("IM_STATIC_S3_BUCKET needs IM_STATIC_URL, the address from which browsers load the files.")
    if settings.IM_STATIC_S3_BUCKET and settings.IM_STATIC_S3_BUCKET == settings.IM_S3_BUCKET:
        problems.append(
            "IM_STATIC_S3_BUCKET and IM_S3_BUCKET are the same. Everybody can read the first, and nobody may read the "
            "second, which has the files of messages."
        )
    return [Error(problem, id="imsite.E011") for problem in problems]
