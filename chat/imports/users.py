"""Stores the users of an export."""

from __future__ import annotations

from accounts.actions import imported_email, imported_user_create
from accounts.models import User
from chat.imports.identity import ImportedRecords
from chat.imports.records import UserRecord
from chat.imports.report import Report
from delivery.db.transactions import write

UNKNOWN_SENDER = UserRecord(key="\0unknown", name="imported-user", nickname="Former member", active=False)
"""Sends what users have written whom the export does not contain."""


def store_user(record: UserRecord, records: ImportedRecords, report: Report) -> int:
    """Store a user unless it is known; return the id.

    A person with the same address is taken for the same person. Only an operator imports, who trusts the export.
    """
    if (known := records.user(record.key)) is not None:
        report.known["user"] += 1
        return known
    with write():
        user = _same_person(record)
        if user is None:
            user = imported_user_create(
                name=record.name,
                nickname=record.nickname,
                email=record.email,
                kind=record.kind,
                active=record.active,
            )
            report.created["user"] += 1
        else:
            report.known["user"] += 1
        records.add_user(record.key, user.pk)
    return user.pk


def _same_person(record: UserRecord) -> User | None:
    email = imported_email(record.email)
    if email is None or not record.owns_email or record.kind != "person":
        return None
    return User.objects.filter(email=email, kind=User.Kind.PERSON, deleted_at=None).first()
