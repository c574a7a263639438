from django.db import migrations, models

from delivery.db.migration_operations import RemoveFieldIndex


class Migration(migrations.Migration):

    dependencies = [
        ("chat", "0019_inline_media"),
    ]

    operations = [
        RemoveFieldIndex("messagekey", "sender"),
        RemoveFieldIndex("messagekey", "channel"),
        RemoveFieldIndex("message", "channel"),
        RemoveFieldIndex("message", "sender"),
        RemoveFieldIndex("message", "recalled_by"),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("recalled_by__isnull", False)), fields=["recalled_by"], name="message_recalled_by"
            ),
        ),
    ]
