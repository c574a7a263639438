"""The tables that `manage.py partition` partitions, and the key of each."""

from __future__ import annotations

from chat.models.message import Message, MessageKey
from delivery.db.partitioning.catalog import large_table
from delivery.models import Event, Receipt

LARGE_TABLES = (
    # The table of keys guards what each partition of messages can only guard for itself.
    large_table(Message, "id", (MessageKey._meta.db_table, "message_key_seq_once", "channel_id, seq")),
    large_table(Event, "position"),
    large_table(Receipt, "position", source=Event),
)
