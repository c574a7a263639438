import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0030_unread_marks"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="NotificationSetting",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "level",
                    models.CharField(
                        choices=[
                            ("default", "As set for all channels"),
                            ("all", "Every message"),
                            ("mentions", "Mentions only"),
                            ("none", "Nothing"),
                        ],
                        default="default",
                        max_length=8,
                    ),
                ),
                ("muted", models.BooleanField(default=False)),
                (
                    "channel",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="chat.channel"),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("user", "channel"), name="notification_setting_once")],
            },
        ),
    ]
