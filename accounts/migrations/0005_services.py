from django.db import migrations


def note_tokens(apps, schema_editor):
    """Tokens that were made before devices were noted get theirs."""
    Device = apps.get_model("accounts", "Device")
    known = set(Device.objects.values_list("credential", flat=True))
    tokens = apps.get_model("knox", "AuthToken").objects.values_list("digest", "user", "created")
    Device.objects.bulk_create(
        [
            Device(user_id=user, kind="token", credential=f"token:{digest[:32]}", made_at=created)
            for digest, user, created in tokens
            if f"token:{digest[:32]}" not in known
        ],
        batch_size=500,
    )


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0004_nickname_sounds"),
        ("knox", "0009_extend_authtoken_field"),
    ]

    operations = [
        migrations.CreateModel(
            name="Service",
            fields=[],
            options={"ordering": ("username",), "proxy": True, "indexes": [], "constraints": []},
            bases=("accounts.user",),
        ),
        migrations.RunPython(note_tokens, migrations.RunPython.noop, elidable=True),
    ]
