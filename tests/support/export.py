"""The export of a user's data, unpacked."""

from __future__ import annotations

import io
import zipfile

from accounts.models import User
from chat.export import export


def unpacked_export(user: User) -> dict[str, bytes]:
    """Return the content of each file in the user's export."""
    with zipfile.ZipFile(io.BytesIO(b"".join(export(user)))) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert len(set(names)) == len(names)
        return {name: archive.read(name) for name in names}
