from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0006_service_permissions'),
    ]

    operations = [
        migrations.AddField(
            model_name='channel',
            name='cut_seq',
            field=models.BigIntegerField(default=0, editable=False),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('type', 'text'), _negated=True), fields=['time'], name='message_file_time'),
        ),
    ]
