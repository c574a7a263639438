from django.db import migrations, models


class Migration(migrations.Migration):
    """Keep which positions were skipped after the restore of a backup."""

    dependencies = [("delivery", "0003_plain_names")]

    operations = [
        migrations.CreateModel(
            name="LostRange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("first", models.BigIntegerField()),
                ("last", models.BigIntegerField()),
            ],
        ),
    ]
