"""The site's settings with a channel layer that loses, delays and repeats messages."""

from typing import Any

from imsite import settings as site
from imsite.settings import *  # noqa: F403

_stock: dict[str, Any] = site.CHANNEL_LAYERS["default"]
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "tests.support.lossy_layer.LossyLayer",
        "CONFIG": {"stock": _stock["BACKEND"], **_stock["CONFIG"]},
    }
}
