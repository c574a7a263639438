"""Lets the nodes index all messages again, because words are split in another way.

They go through the event log from its start, in small transactions, and continue after a restart. Until then the rows of
the former way are used.
"""

from django.db import migrations


def rewind(apps, schema_editor):
    apps.get_model("chat", "SearchCursor").objects.update(position=0)


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0024_link_previews"),
    ]

    operations = [
        migrations.RunPython(rewind, migrations.RunPython.noop),
    ]
