from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0003_moderation_hooks'),
    ]

    operations = [
        migrations.AddField(
            model_name='readmark',
            name='said_at',
            field=models.BigIntegerField(editable=False, null=True),
        ),
    ]
