from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('delivery', '0002_receipts'),
    ]

    operations = [
        migrations.RenameField(
            model_name='claimedkey',
            old_name='answer',
            new_name='response',
        ),
    ]
