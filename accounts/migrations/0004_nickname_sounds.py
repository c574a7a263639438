"""Stores how the Chinese nicknames of existing users sound."""

from django.db import migrations

from accounts.pinyin import pinyin_and_initials

BATCH = 500


def fill(apps, schema_editor):
    User = apps.get_model("accounts", "User")
    heard = []
    for user in User.objects.only("pk", "nickname").iterator(chunk_size=BATCH):
        user.nickname_pinyin, user.nickname_initials = pinyin_and_initials(user.nickname)
        if user.nickname_pinyin:
            heard.append(user)
        if len(heard) == BATCH:
            User.objects.bulk_update(heard, ["nickname_pinyin", "nickname_initials"])
            heard = []
    User.objects.bulk_update(heard, ["nickname_pinyin", "nickname_initials"])


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_profiles_blocks_devices")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
