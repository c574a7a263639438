"""Olga lists the invite links of all groups, without their tokens, and revokes one."""

from __future__ import annotations

from django.contrib.admin.models import LogEntry
from django.test import Client

from accounts.models import User
from chat.actions.channel import channel_create_group
from chat.actions.invites import invite_create
from chat.models import InviteLink
from tests.support.operators import run_admin_action

LINKS = "/admin/chat/invitelink/"


def test_a_link_is_listed_and_revoked(operator: Client, alice: User) -> None:
    group = channel_create_group(creator=alice, name="Painters")
    row, token = invite_create(user=alice, channel_id=group.pk, max_uses=5)
    for page in (LINKS, f"{LINKS}{row.pk}/change/"):
        html = operator.get(page).content.decode()
        assert "Painters" in html and token not in html
    run_admin_action(operator, LINKS, "revoke_selected", row, confirmed="revoke")
    assert not InviteLink.objects.exists() and LogEntry.objects.count() == 1
