"""Names are compared without joiners and variation selectors."""

from django.db import migrations

from accounts.names import name_key
from accounts.pinyin import pinyin_and_initials

BATCH = 500


def update_keys(apps, schema_editor):
    """Compute the keys of names with joiners or selectors again.

    A user name whose new key another user has keeps its old one, because keys are unique and user names never change.
    """
    User = apps.get_model("accounts", "User")
    for user in User.objects.only("pk", "username", "username_key", "nickname", "nickname_key").iterator(BATCH):
        username_key, nickname_key = name_key(user.username), name_key(user.nickname)
        if username_key != user.username_key and not User.objects.filter(username_key=username_key).exists():
            User.objects.filter(pk=user.pk).update(username_key=username_key)
        if nickname_key != user.nickname_key:
            pinyin, initials = pinyin_and_initials(user.nickname)
            User.objects.filter(pk=user.pk).update(
                nickname_key=nickname_key, nickname_pinyin=pinyin, nickname_initials=initials
            )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_received_position")]

    operations = [migrations.RunPython(update_keys, migrations.RunPython.noop)]
