from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0018_threads")]

    operations = [
        migrations.CreateModel(
            name="InlineMedia",
            fields=[
                ("file", models.CharField(max_length=200, primary_key=True, serialize=False)),
                ("type", models.CharField(choices=[("picture", "Picture"), ("voice", "Voice")], max_length=8)),
                ("content", models.BinaryField()),
            ],
        ),
    ]
