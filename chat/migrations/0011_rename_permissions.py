from functools import partial

from django.db import migrations

RENAMED_MODELS = (
    ("accounts", "externalid", "externaluser", "external id", "external user"),
    ("accounts", "service", "service", "service", "service account"),
    ("chat", "incominghook", "incomingwebhook", "incoming hook", "incoming webhook"),
    ("chat", "webhookaside", "webhookdeadletter", "webhook aside", "webhook dead letter"),
    ("delivery", "claimedkey", "idempotencyrecord", "claimed key", "idempotency record"),
    ("delivery", "eventperson", "eventrecipient", "event person", "event recipient"),
)
"""App, old and new model, old and new verbose name."""
RENAMED_LABELS = (
    (
        "use_gateway",
        "Can call the gateway: see who is online, send to people and apps",
        "Can call the gateway: see who is online, send to users and apps",
    ),
    ("speak_for_others", "Can send in the name of a person", "Can send on behalf of a user"),
    (
        "manage_channels",
        "Can act on every group without being in it",
        "Can manage every group without being a member",
    ),
)
"""Codename, old and new name, of the permissions of channels."""


def rename(apps, schema_editor, *, backwards):
    """Rename content types and permissions in place: users and groups keep what they were granted."""
    using = schema_editor.connection.alias
    ContentType = apps.get_model("contenttypes", "ContentType")
    Permission = apps.get_model("auth", "Permission")
    permissions = Permission.objects.using(using)
    for app, *names in RENAMED_MODELS:
        old, new, _, label = (names[1], names[0], names[3], names[2]) if backwards else names
        types = ContentType.objects.using(using).filter(app_label=app)
        # `migrate` renames the content types of renamed models itself, where they have been made already.
        if not types.filter(model=new).exists():
            types.filter(model=old).update(model=new)
        for verb in ("add", "change", "delete", "view"):
            found = permissions.filter(content_type__in=types.filter(model=new), codename=f"{verb}_{old}")
            found.update(codename=f"{verb}_{new}", name=f"Can {verb} {label}")
    for codename, *labels in RENAMED_LABELS:
        of_channels = permissions.filter(content_type__app_label="chat", content_type__model="channel")
        of_channels.filter(codename=codename).update(name=labels[0 if backwards else 1])


class Migration(migrations.Migration):

    dependencies = [
        ("chat", "0010_plain_names"),
        ("accounts", "0007_plain_names"),
        ("delivery", "0003_plain_names"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(partial(rename, backwards=False), partial(rename, backwards=True))]
