from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0005_webhook_disabled_reason'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='channel',
            options={'permissions': (('use_gateway', 'Can call the gateway: see who is online, send to people and apps'), ('view_state', 'Can see the state of the nodes'), ('speak_for_others', 'Can send in the name of a person'), ('manage_channels', 'Can act on every group without being in it'))},
        ),
    ]
