"""Migration operations that Django does not have."""

from __future__ import annotations

from typing import Any

from django.db.migrations.operations import AddIndex
from django.db.migrations.operations.base import Operation
from django.db.models import UniqueConstraint


class RenameConstraint(Operation):
    """Give a unique constraint another name, or note the new names of its fields, without building its index again.

    `before` is the old constraint, `constraint` the new one. Rename its fields with RenameField before this operation;
    the database then renames the columns of the constraint as well.
    """

    reduces_to_sql = False

    def __init__(self, model_name: str, before: UniqueConstraint, constraint: UniqueConstraint) -> None:
        self.model_name, self.before, self.constraint = model_name, before, constraint

    def state_forwards(self, app_label: str, state: Any) -> None:
        self._replace(app_label, state, self.before, self.constraint)

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        self._rename(app_label, schema_editor, to_state, self.before.name, self.constraint.name)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        self._rename(app_label, schema_editor, from_state, self.constraint.name, self.before.name)

    def describe(self) -> str:
        return f"Rename constraint {self.before.name} on model {self.model_name} to {self.constraint.name}"

    def _replace(self, app_label: str, state: Any, old: UniqueConstraint, new: UniqueConstraint) -> None:
        state.remove_constraint(app_label, self.model_name, old.name)
        state.add_constraint(app_label, self.model_name, new)

    def _rename(self, app_label: str, schema_editor: Any, state: Any, old: str, new: str) -> None:
        # SQLite keeps the old name in the table's definition, where nothing ever reads it.
        if schema_editor.connection.vendor != "postgresql" or old == new:
            return
        model = state.apps.get_model(app_label, self.model_name)
        table, *names = map(schema_editor.quote_name, (model._meta.db_table, old, new))
        schema_editor.execute(f"ALTER TABLE {table} RENAME CONSTRAINT {' TO '.join(names)}")


class AddIndexWhileWriting(AddIndex):
    """Add an index without blocking writes on PostgreSQL. Its migration must say `atomic = False`.

    Not for partitioned tables. An index that an interrupted run has left unfinished is built again.
    """

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {schema_editor.quote_name(self.index.name)}")
        schema_editor.add_index(model, self.index, concurrently=True)


class RemoveFieldIndex(Operation):
    """Drop the index that Django makes for a foreign key, without writing the table anew as SQLite's AlterField does.

    The model's field then says `db_index=False`. Another index must begin with the field if rows are looked up by it.
    """

    reduces_to_sql = False

    def __init__(self, model_name: str, name: str) -> None:
        self.model_name, self.name = model_name, name

    def state_forwards(self, app_label: str, state: Any) -> None:
        field = state.models[app_label, self.model_name].fields[self.name].clone()
        field.db_index = False
        state.alter_field(app_label, self.model_name, self.name, field, preserve_default=True)

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        column = model._meta.get_field(self.name).column
        declared = {index.name for index in model._meta.indexes}
        for index in schema_editor._constraint_names(model, [column], index=True, unique=False, exclude=declared):
            schema_editor.execute(schema_editor._delete_index_sql(model, index))

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        schema_editor.execute(schema_editor._create_index_sql(model, fields=[model._meta.get_field(self.name)]))

    def describe(self) -> str:
        return f"Drop the index of {self.name} on model {self.model_name}"
