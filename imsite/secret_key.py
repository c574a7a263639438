"""The secret key of a development start, which the first process generates for all that share the data directory."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path


def generated_secret_key(path: Path) -> str:
    """Return the key in the file, which only its owner can read. Create it if it is missing.

    Nodes that start together get the same key: the file appears with its content, and the first one stays. With
    different keys, each would refuse the browser sessions of the others.
    """
    if not path.exists():
        descriptor, draft = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(50))
            with suppress(FileExistsError):
                os.link(draft, path)
        finally:
            os.unlink(draft)
    return path.read_text()
