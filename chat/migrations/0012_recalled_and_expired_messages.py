from django.db import migrations, models


class Migration(migrations.Migration):
    """Index recalled messages, which are not unread, and keep the position of a channel's last deletion event."""

    dependencies = [("chat", "0011_rename_permissions"), ("accounts", "0007_plain_names")]

    operations = [
        migrations.AddIndex(
            "message",
            models.Index(
                fields=["channel", "seq"], name="message_recalled", condition=models.Q(("recalled_at__isnull", False))
            ),
        ),
        migrations.AddField("channel", "purge_position", models.BigIntegerField(editable=False, null=True)),
    ]
