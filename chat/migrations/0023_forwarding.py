from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0022_attachment_threat"),
    ]

    operations = [
        migrations.AddField(
            model_name="attachment",
            name="is_copy",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="message",
            name="forwarded",
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="message",
            name="forwarded_from",
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("forwarded_from__isnull", False)),
                fields=["forwarded_from"],
                name="message_forwarded",
            ),
        ),
    ]
