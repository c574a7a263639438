import django.db.models.deletion
from django.db import migrations, models

from delivery.db.migration_operations import RenameConstraint


class Migration(migrations.Migration):
    """Rename models, fields and labels. The data stays."""

    dependencies = [("chat", "0009_webhook_aside"), ("accounts", "0007_plain_names")]

    operations = [
        migrations.RenameModel("IncomingHook", "IncomingWebhook"),
        migrations.RenameField("incomingwebhook", "made_by", "created_by"),
        migrations.RenameField("incomingwebhook", "made_at", "created_at"),
        migrations.RenameField("incomingwebhook", "used_at", "last_used_at"),
        migrations.RenameModel("WebhookAside", "WebhookDeadLetter"),
        migrations.RenameField("webhookdeadletter", "since", "created_at"),
        migrations.RenameField("webhookdeadletter", "next_at", "next_attempt_at"),
        migrations.AlterField(
            model_name="webhookdeadletter",
            name="webhook",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="dead_letters", to="chat.webhook"
            ),
        ),
        RenameConstraint(
            "webhookdeadletter",
            models.UniqueConstraint(fields=("webhook", "position"), name="webhook_aside_once"),
            models.UniqueConstraint(fields=("webhook", "position"), name="webhook_dead_letter_once"),
        ),
        migrations.RenameField("webhook", "made_by", "created_by"),
        migrations.RenameField("webhook", "next_at", "next_attempt_at"),
        migrations.RemoveIndex("webhookdelivery", "webhook_delivery_at"),
        migrations.RenameField("webhookdelivery", "at", "attempted_at"),
        migrations.RenameField("webhookdelivery", "events", "event_count"),
        migrations.RenameField("webhookdelivery", "milliseconds", "duration_ms"),
        migrations.AddIndex(
            "webhookdelivery", models.Index(fields=["webhook", "-attempted_at"], name="webhook_delivery_attempted")
        ),
        migrations.RenameField("channel", "cut_seq", "purged_seq"),
        migrations.RenameField("readmark", "said_at", "last_sent_at"),
        migrations.RenameField("pin", "by", "pinned_by"),
        migrations.RenameField("pin", "time", "pinned_at"),
        migrations.RemoveIndex("report", "report_state_made"),
        migrations.RenameField("report", "made_at", "created_at"),
        migrations.AddIndex("report", models.Index(fields=["state", "created_at"], name="report_state_created")),
        migrations.RenameField("restriction", "by", "created_by"),
        migrations.RenameField("restriction", "since", "created_at"),
        migrations.RenameField("announcement", "by", "created_by"),
        migrations.AlterModelOptions(
            name='channel',
            options={'permissions': (('use_gateway', 'Can call the gateway: see who is online, send to users and apps'), ('view_state', 'Can see the state of the nodes'), ('speak_for_others', 'Can send on behalf of a user'), ('manage_channels', 'Can manage every group without being a member'))},
        ),
        migrations.AlterField(
            model_name='announcement',
            name='app',
            field=models.ForeignKey(blank=True, help_text='Empty: all apps.', null=True, on_delete=django.db.models.deletion.PROTECT, to='accounts.app'),
        ),
        migrations.AlterField(
            model_name='channel',
            name='announcements_only',
            field=models.BooleanField(default=False, help_text='Only the owner and admins can send.'),
        ),
        migrations.AlterField(
            model_name='channel',
            name='closed',
            field=models.BooleanField(default=False, help_text='Members can read it. Nobody can send.'),
        ),
        migrations.AlterField(
            model_name='channel',
            name='history',
            field=models.CharField(choices=[('joined', 'Since they joined'), ('all', 'Full history')], default='joined', help_text='What members can read from before they joined. If anyone can join, they can read everything.', max_length=8, verbose_name='history for new members'),
        ),
        migrations.AlterField(
            model_name='channel',
            name='join',
            field=models.CharField(choices=[('open', 'Anyone can join'), ('invite', 'Members can invite'), ('closed', 'Owner and admins can add')], default='closed', max_length=8, verbose_name='who can join'),
        ),
        migrations.AlterField(
            model_name='channel',
            name='retention_days',
            field=models.PositiveIntegerField(blank=True, help_text="Days to keep messages. Empty: the site's default. 0: forever.", null=True),
        ),
        migrations.AlterField(
            model_name='channel',
            name='slow_mode',
            field=models.PositiveIntegerField(default=0, help_text='Seconds between two messages of a member. 0: off.'),
        ),
        migrations.AlterField(
            model_name='report',
            name='state',
            field=models.CharField(choices=[('open', 'Open'), ('acted', 'Action taken'), ('dismissed', 'Dismissed')], default='open', max_length=9),
        ),
        migrations.AlterField(
            model_name='webhook',
            name='channel',
            field=models.ForeignKey(blank=True, help_text='Empty: all channels except private ones.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='chat.channel'),
        ),
    ]
