from django.db import migrations, models

from delivery.db.migration_operations import RenameConstraint


class Migration(migrations.Migration):
    """Rename models and fields. No table is rewritten and no index is built again."""

    dependencies = [("delivery", "0002_receipts")]

    operations = [
        migrations.RenameModel("EventPerson", "EventRecipient"),
        migrations.RenameField("eventrecipient", "person", "user_id"),
        RenameConstraint(
            "eventrecipient",
            models.UniqueConstraint(fields=("person", "position"), name="event_person_once"),
            models.UniqueConstraint(fields=("user_id", "position"), name="event_recipient_once"),
        ),
        migrations.RenameModel("ClaimedKey", "IdempotencyRecord"),
        migrations.RenameField("idempotencyrecord", "answer", "response"),
        migrations.RenameField("idempotencyrecord", "expires", "expires_at"),
        RenameConstraint(
            "idempotencyrecord",
            models.UniqueConstraint(fields=("scope", "key"), name="claimed_key_once"),
            models.UniqueConstraint(fields=("scope", "key"), name="idempotency_key_once"),
        ),
        migrations.RenameField("receipt", "person", "user_id"),
        migrations.RenameField("receipt", "at", "first_at"),
        RenameConstraint(
            "receipt",
            models.UniqueConstraint(fields=("position", "person"), name="receipt_once"),
            models.UniqueConstraint(fields=("position", "user_id"), name="receipt_once"),
        ),
    ]
