from django.db import migrations, models

# Words are made by the site (chat.search.tokenizer); the database only has to keep them apart at blanks.
FTS5 = """
CREATE VIRTUAL TABLE chat_search USING fts5(
    words, channel, tokenize = "unicode61 remove_diacritics 0 categories 'L* N* Co Cn M* S*'"
)
"""


def make(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute(FTS5)
    else:
        schema_editor.execute("CREATE TABLE chat_search (id bigint PRIMARY KEY, words tsvector NOT NULL)")
        schema_editor.execute("CREATE INDEX chat_search_words ON chat_search USING gin (words)")


def drop(apps, schema_editor):
    schema_editor.execute("DROP TABLE chat_search")


class Migration(migrations.Migration):

    dependencies = [
        ("chat", "0007_retention"),
    ]

    operations = [
        migrations.CreateModel(
            name="SearchCursor",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.RunPython(make, drop),
    ]
