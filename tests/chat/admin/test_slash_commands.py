"""Olga registers a slash command, sees its secret once, and disables it."""

from __future__ import annotations

from django.test import Client

from chat.models import Channel, SlashCommand
from tests.support.operators import run_admin_action, staff_browser

COMMANDS = "/admin/chat/slashcommand/"
FORM = {
    "name": "/Deploy",
    "description": "Deploy a branch.",
    "hint": "<branch>",
    "receiver_url": "http://127.0.0.1:9/x?key=k",
}


def test_a_command_is_registered_changed_disabled_and_deleted(operator: Client, group: Channel) -> None:
    html = operator.post(f"{COMMANDS}add/", FORM | {"channel_term": "Painters"}).content.decode()
    command = SlashCommand.objects.get()
    assert command.secret in html and (command.name, command.channel) == ("deploy", group)
    page = f"{COMMANDS}{command.pk}/"
    shown = operator.get(COMMANDS).content.decode() + operator.get(f"{page}change/").content.decode()
    assert command.secret not in shown and "/deploy" in shown and "127.0.0.1:9" in shown
    operator.post(f"{page}change/", FORM | {"hint": "", "description": "Deploy it."})
    run_admin_action(operator, COMMANDS, "disable_selected", command, confirmed="disable")
    secret = command.secret
    command.refresh_from_db()
    assert (command.hint, command.description, command.enabled) == ("", "Deploy it.", False)
    assert (
        command.secret
        == secret
        not in operator.post(f"{page}rotate_secret/", {"confirmed": "rotate_secret"}).content.decode()
    )
    operator.post(f"{page}remove/", {"confirmed": "remove"})
    assert not SlashCommand.objects.exists()


def test_refusals_are_shown_in_the_form(operator: Client, group: Channel) -> None:
    for changed, text in (
        ({"name": "help"}, "There is a command /help already."),
        ({"name": "a b"}, "needs 1 to 32 letters"),
        ({"receiver_url": "ftp://x"}, "must begin with https:// or http://"),
    ):
        assert text in operator.post(f"{COMMANDS}add/", FORM | changed, follow=True).content.decode()
    assert not SlashCommand.objects.exists()


def test_registering_needs_the_permission(group: Channel) -> None:
    assert staff_browser("view_slashcommand").post(f"{COMMANDS}add/", FORM).status_code == 403
