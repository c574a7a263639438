"""The events that close live connections, on every node, when what they came by is taken away."""

from __future__ import annotations

from chat.wire.schema.events import REVOCATION
from delivery import log, publish


def revoke_credentials(user_id: int, *credentials: str) -> None:
    """Close the person's connections that came by one of the credentials. Call it last in a transaction."""
    _append(user_id, [{"credential": credential, "except": None} for credential in credentials])


def revoke_user(user_id: int, *, keep: str | None = None) -> None:
    """Close all the person's connections, but those that came by `keep`. Call it last in a transaction."""
    _append(user_id, [{"credential": None, "except": keep}])


def revoke_app(number: int) -> None:
    """Close everybody's connections on the app. Call it last in a transaction."""
    publish.after_commit(log.append([log.Entry(kind=REVOCATION.name, header={"revoke": {"app": number}})]))


def _append(user_id: int, revocations: list[dict[str, str | None]]) -> None:
    entries = [
        log.Entry(kind=REVOCATION.name, user_ids=(user_id,), header={"revoke": revocation})
        for revocation in revocations
    ]
    publish.after_commit(log.append(entries))
