from django.db import migrations, models


class Migration(migrations.Migration):
    """Rename models, fields and labels. The data stays."""

    dependencies = [("accounts", "0006_device_session")]

    operations = [
        migrations.RenameModel("ExternalId", "ExternalUser"),
        migrations.RenameField("externaluser", "made_at", "created_at"),
        migrations.RenameField("friendship", "asked_by", "from_user"),
        migrations.RenameField("friendship", "asked", "to_user"),
        migrations.RenameField("friendship", "asked_at", "created_at"),
        migrations.RemoveConstraint("block", "block_once"),
        migrations.RenameField("block", "by", "blocker"),
        migrations.RenameField("block", "since", "created_at"),
        migrations.AddConstraint(
            "block", models.UniqueConstraint(fields=("blocker", "blocked"), name="block_once")
        ),
        migrations.RemoveIndex("device", "device_user_seen"),
        migrations.RenameField("device", "made_at", "created_at"),
        migrations.RenameField("device", "made_by", "created_by"),
        migrations.RenameField("device", "seen_at", "last_seen_at"),
        migrations.AddIndex("device", models.Index(fields=["user", "-last_seen_at"], name="device_user_seen")),
        migrations.RenameField("user", "restricted", "is_restricted"),
        migrations.AlterModelOptions(
            name='service',
            options={'ordering': ('username',), 'verbose_name': 'service account'},
        ),
        migrations.AlterField(
            model_name='app',
            name='guests_allowed',
            field=models.BooleanField(default=True, help_text='Has an effect only if IM_GUESTS allows guests.'),
        ),
        migrations.AlterField(
            model_name='user',
            name='avatar',
            field=models.CharField(blank=True, default='', max_length=200, verbose_name='avatar file'),
        ),
        migrations.AlterField(
            model_name='user',
            name='is_staff',
            field=models.BooleanField(default=False, help_text='Can sign in to the admin.', verbose_name='staff status'),
        ),
        migrations.AlterField(
            model_name='user',
            name='kind',
            field=models.CharField(choices=[('person', 'Person'), ('guest', 'Guest'), ('service', 'Service account')], default='person', max_length=8),
        ),
        migrations.AlterField(
            model_name='user',
            name='language',
            field=models.CharField(blank=True, default='', help_text="Leave empty to use the browser's.", max_length=8),
        ),
        migrations.AlterField(
            model_name='user',
            name='shares_presence',
            field=models.BooleanField(default=True, verbose_name='shares online status'),
        ),
        migrations.AlterField(
            model_name='user',
            name='shares_read',
            field=models.BooleanField(default=True, verbose_name='shares read receipts'),
        ),
        migrations.AlterField(
            model_name='user',
            name='time_zone',
            field=models.CharField(blank=True, default='', help_text="Leave empty to use the browser's.", max_length=64),
        ),
        migrations.AlterField(
            model_name='user',
            name='username',
            field=models.CharField(max_length=64, unique=True, verbose_name='username'),
        ),
    ]
