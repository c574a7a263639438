from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0021_custom_emoji'),
    ]

    operations = [
        migrations.AddField(
            model_name='attachment',
            name='threat',
            field=models.CharField(blank=True, default='', max_length=200),
        ),
    ]
