from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0029_web_push'),
    ]

    operations = [
        migrations.AddField(
            model_name='readmark',
            name='unread_after',
            field=models.BigIntegerField(editable=False, null=True),
        ),
    ]
