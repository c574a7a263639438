from django.db import migrations, models

from delivery.db.migration_operations import AddIndexWhileWriting


class Migration(migrations.Migration):
    """Find the recipients of events by position, without reading the whole table."""

    atomic = False
    dependencies = [("delivery", "0004_lost_ranges")]

    operations = [
        AddIndexWhileWriting("eventrecipient", models.Index(fields=["position"], name="event_recipient_position")),
    ]
