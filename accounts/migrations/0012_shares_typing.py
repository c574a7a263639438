from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0011_do_not_disturb'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='shares_typing',
            field=models.BooleanField(default=True, verbose_name='shows when typing'),
        ),
    ]
