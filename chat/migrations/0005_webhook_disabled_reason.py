from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0004_read_mark_said_at'),
    ]

    operations = [
        migrations.AddField(
            model_name='webhook',
            name='disabled_reason',
            field=models.CharField(blank=True, default='', editable=False, max_length=200),
        ),
    ]
