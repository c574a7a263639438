"""The arrangement of a user's list of channels: limits, export and deletion."""

from __future__ import annotations

import json

import pytest
from pytest_django.fixtures import Settings

from accounts.models import User
from chat import reasons
from chat.actions.account_deletion import account_delete
from chat.actions.sidebar import sidebar_change
from chat.errors import ChatError
from chat.models import Channel, Sidebar
from tests.support.export import unpacked_export

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("sections", "reason"),
    [
        ([("a", []), ("b", []), ("c", [])], reasons.SECTION_LIMIT_REACHED.key),
        ([("Work", []), ("ＷＯＲＫ", [])], reasons.SECTION_NAME_TAKEN.key),
        ([("a", [1, 2]), ("b", [3])], reasons.SECTION_CHANNEL_LIMIT_REACHED.key),
        ([("", [])], "name_empty"),
        ([("longer", [])], "name_too_long"),
        ([("a\u202eb", [])], "name_invisible"),
    ],
)
def test_what_exceeds_a_limit_is_refused(
    alice: User, settings: Settings, sections: list[tuple[str, list[int]]], reason: str
) -> None:
    settings.IM_MAX_SECTIONS_PER_USER, settings.IM_SECTION_NAME_MAX_LENGTH = 2, 5
    settings.IM_MAX_CHANNELS_IN_SECTIONS = 2
    with pytest.raises(ChatError) as error:
        sidebar_change(user=alice, revision=0, sections=sections)
    assert error.value.reason.key == reason
    assert not Sidebar.objects.exists()


def test_the_limits_themselves_are_allowed(alice: User, trio: Channel, settings: Settings) -> None:
    settings.IM_MAX_SECTIONS_PER_USER, settings.IM_SECTION_NAME_MAX_LENGTH = 1, 4
    settings.IM_MAX_CHANNELS_IN_SECTIONS = 1
    sidebar = sidebar_change(user=alice, revision=0, sections=[("Work", [trio.pk, trio.pk])])
    assert sidebar.sections == [{"name": "Work", "channels": [trio.pk]}]


def test_it_is_exported_and_deleted_with_the_account(alice: User, trio: Channel) -> None:
    sidebar_change(user=alice, revision=0, sort="name", sections=[("Work", [trio.pk])])
    exported = json.loads(unpacked_export(alice)["sidebar.json"])
    assert exported == {"revision": 1, "sort": "name", "sections": [{"name": "Work", "channels": [str(trio.pk)]}]}
    account_delete(user_id=alice.pk)
    assert not Sidebar.objects.exists()
