import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_services"),
        ("sessions", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="device",
            name="session",
            field=models.OneToOneField(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="sessions.session",
            ),
        ),
    ]
