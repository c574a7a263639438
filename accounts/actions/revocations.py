"""Revocation events. They close live connections on every node when a credential or an app is taken away."""

from __future__ import annotations

from chat.wire.schema.events import REVOCATION
from delivery import log, publish


def revoke_credentials(user_id: int, *credentials: str) -> None:
    """Close the user's connections with one of these credentials. Call it last in a transaction."""
    _append(user_id, [{"credential": credential, "except": None} for credential in credentials])


def revoke_user(user_id: int, *, keep: str | None = None) -> None:
    """Close all connections of the user except those with the credential `keep`. Call it last in a transaction."""
    _append(user_id, [{"credential": None, "except": keep}])


def revoke_app(number: int) -> None:
    """Close all connections on the app. Call it last in a transaction."""
    publish.after_commit(log.append([log.Entry(kind=REVOCATION.name, header={"revoke": {"app": number}})]))


def _append(user_id: int, revocations: list[dict[str, str | None]]) -> None:
    entries = [
        log.Entry(kind=REVOCATION.name, user_ids=(user_id,), header={"revoke": revocation})
        for revocation in revocations
    ]
    publish.after_commit(log.append(entries))
