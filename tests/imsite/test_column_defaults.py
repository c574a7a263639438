"""Nodes of the previous version go on during an upgrade.

Columns that they do not know have defaults, and none that they know is renamed or gone: a column is dropped by the
version after the one that has stopped using it.
"""

from __future__ import annotations

from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import (
    AddField,
    AlterModelTable,
    CreateModel,
    DeleteModel,
    RemoveField,
    RenameField,
    RenameModel,
)
from django.db.models import NOT_PROVIDED

SINCE = {"accounts": "0010", "chat": "0018", "delivery": "0001"}
"""The first migrations that run while nodes of the previous version serve."""
RELEASED_RENAMES = {"delivery.0003_plain_names"}
"""Migrations of the first release, which renamed what no released version used."""


def test_columns_added_to_tables_have_defaults_in_the_database() -> None:
    loader = MigrationLoader(None)
    models = loader.project_state().models
    without = []
    for (app, name), migration in loader.disk_migrations.items():
        if name < SINCE.get(app, "9999"):
            continue
        created = {one.name.lower() for one in migration.operations if isinstance(one, CreateModel)}
        for added in migration.operations:
            if isinstance(added, AddField) and added.model_name.lower() not in created:
                model = models.get((app, added.model_name.lower()))
                field = model.fields.get(added.name) if model is not None else None
                if field is not None and not field.null and field.db_default is NOT_PROVIDED:
                    without.append(f"{app}.{added.model_name}.{added.name}")
    assert without == []


def test_nothing_that_the_previous_version_uses_is_renamed_or_dropped() -> None:
    dropping = (RemoveField, DeleteModel, RenameField, RenameModel, AlterModelTable)
    found = [
        f"{app}.{name}: {operation.describe()}"
        for (app, name), migration in MigrationLoader(None).disk_migrations.items()
        if name >= SINCE.get(app, "9999")
        for operation in migration.operations
        if isinstance(operation, dropping) and f"{app}.{name}" not in RELEASED_RENAMES
    ]
    assert found == []
