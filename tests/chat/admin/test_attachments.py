"""Operators see the files of messages, remove them, and see what storage they take."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from chat.actions.report import message_report
from chat.admin import storage_use
from chat.models import Attachment, Channel, Message
from tests.support.attachments import ready_attachment, stored_attachment
from tests.support.in_process import say
from tests.support.operators import CHANNELS, MESSAGES, SCRIPT, run_admin_action, staff_browser

ATTACHMENTS, USERS, REPORTS = "/admin/chat/attachment/", "/admin/accounts/user/", "/admin/chat/report/"


@pytest.fixture(autouse=True)
def _nothing_cached() -> Iterator[None]:
    cache.delete(storage_use.CACHE_KEY)
    yield
    cache.delete(storage_use.CACHE_KEY)


@pytest.fixture
def photo(bob: User, group: Channel) -> Attachment:
    """Return a picture of 2 KiB that Bob has sent to the group with the caption `look`."""
    row = stored_attachment(bob, b"x" * 2048, f"{SCRIPT}.jpg")
    say(bob, group, "look", attachments=(row.key,), type="file")
    row.refresh_from_db()
    return row


def test_a_message_shows_its_files(operator: Client, photo: Attachment, group: Channel) -> None:
    assert photo.message is not None
    link = f'href="/files/{photo.key}/%3Cscript%3Ealert%281%29%3C%2Fscript%3E.jpg"'
    pages = (f"{MESSAGES}{photo.message.pk}/change/", f"{CHANNELS}{group.pk}/change/")
    for page in pages:
        html = operator.get(page).content.decode()
        assert link in html and "image/jpeg" in html and "2.0\xa0KB" in html and "look" in html, page
        assert "&lt;script&gt;alert(1)" in html and "<script>alert" not in html
    assert "look [&lt;script&gt;" in operator.get(MESSAGES).content.decode()


def test_an_infected_file_is_shown_with_its_virus(operator: Client, bob: User) -> None:
    row = ready_attachment(bob, state=Attachment.State.REMOVED, threat="Eicar-Test")
    assert "Infected" in operator.get(ATTACHMENTS).content.decode()
    assert "Eicar-Test" in operator.get(f"{ATTACHMENTS}{row.pk}/change/").content.decode()


def test_a_recall_removes_the_files(operator: Client, photo: Attachment) -> None:
    message = photo.message
    assert message is not None
    run_admin_action(operator, MESSAGES, "recall_selected", message, confirmed="recall")
    photo.refresh_from_db()
    assert photo.state == Attachment.State.REMOVED
    html = operator.get(f"{MESSAGES}{message.pk}/change/").content.decode()
    assert f"/files/{photo.key}" not in html and "Removed" in html


def test_a_report_shows_the_files_of_its_message(operator: Client, photo: Attachment, alice: User) -> None:
    message = photo.message
    assert message is not None
    report = message_report(user=alice, channel_id=message.channel_id, message_id=message.pk, reason="", app=None)
    for page in (REPORTS, f"{REPORTS}{report.pk}/change/"):
        html = operator.get(page).content.decode()
        assert f'href="/files/{photo.key}/' in html and "image/jpeg" in html, page
        assert "When reported" not in html
    Message.objects.filter(pk=message.pk).update(text="harmless")
    assert "When reported: look [" in operator.get(REPORTS).content.decode()


def listed(operator: Client, **query: str) -> list[str]:
    return [row.name for row in operator.get(ATTACHMENTS, query).context["cl"].result_list]


def test_files_are_listed_by_state_kind_uploader_and_channel(
    operator: Client, photo: Attachment, alice: User, group: Channel, room: Channel
) -> None:
    half = ready_attachment(alice, "half.bin", kind="file", state="uploading")
    song = ready_attachment(alice, "song.ogg", kind="audio")
    say(alice, room, attachments=(song.key,), type="file")
    assert listed(operator) == [song.name, half.name, photo.name]
    assert listed(operator, state__exact="uploading") == [half.name]
    assert listed(operator, kind__exact="audio") == [song.name]
    assert listed(operator, q="ALICE") == [song.name, half.name]
    assert listed(operator, q="in:painters") == listed(operator, q="bob") == [photo.name]
    assert listed(operator, q=f"alice in:{room.pk}") == [song.name]
    html = operator.get(ATTACHMENTS).content.decode()
    # The download refuses what is not sent.
    assert f"/files/{photo.key}/" in html and f"/files/{half.key}/" not in html and "<script>alert" not in html
    assert "Painters" in operator.get(f"{ATTACHMENTS}{photo.pk}/change/").content.decode()


def test_the_list_of_files_costs_the_same_number_of_queries_with_many(
    operator: Client, photo: Attachment, bob: User, group: Channel
) -> None:
    def cost(page: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert operator.get(page).status_code == 200
        return len(queries)

    pages = (ATTACHMENTS, MESSAGES, USERS, CHANNELS)
    # The first view of all fills caches.
    before = [(cost(page), cost(page))[1] for page in pages]
    for number in range(3):
        say(bob, group, attachments=(ready_attachment(bob, f"{number}.jpg").key,), type="file")
    assert [cost(page) for page in pages] == before


def test_olga_removes_a_file_and_its_copies(operator: Client, photo: Attachment, alice: User) -> None:
    copy = ready_attachment(alice, "copy.jpg", file=photo.file)
    other = ready_attachment(alice, "other.jpg")
    asked = run_admin_action(operator, ATTACHMENTS, "remove_selected", photo).content.decode()
    assert "deleted permanently" in asked and ".jpg of Bob" in asked and "copy.jpg" not in asked
    done = run_admin_action(operator, ATTACHMENTS, "remove_selected", photo, confirmed="remove")
    assert "1 removed." in done.content.decode()
    states = dict(Attachment.objects.values_list("pk", "state"))
    assert states == {photo.pk: "removed", copy.pk: "removed", other.pk: "ready"}
    assert operator.get(f"/files/{photo.key}/x").status_code == 404
    assert Message.objects.get(pk=photo.message_id).text == "look"
    again = operator.post(f"{ATTACHMENTS}{photo.pk}/remove/", {"confirmed": "remove"}, follow=True)
    assert "the action does not apply" in again.content.decode()


def test_only_staff_with_permissions_see_and_remove_files(photo: Attachment) -> None:
    stan = staff_browser("view_attachment")
    assert stan.get(ATTACHMENTS).status_code == 200
    assert stan.post(f"{ATTACHMENTS}{photo.pk}/remove/", {"confirmed": "remove"}).status_code == 403
    assert stan.get(f"/files/{photo.key}/x").status_code == 404
    photo.refresh_from_db()
    assert photo.state == Attachment.State.READY


def test_storage_is_shown_by_channel_and_user(operator: Client, photo: Attachment, alice: User, room: Channel) -> None:
    ready_attachment(alice, "gone.bin", size=9 * 2**20, state="removed")
    small = ready_attachment(alice, size=1024)
    say(alice, room, attachments=(small.key,), type="file")
    ready_attachment(alice, "unsent.bin", size=1024**2)
    html = operator.get("/admin/").content.decode()
    assert "all files: 1.0\xa0MB" in html
    by_channel = html[html.index('data-testid="storage-channels"') :]
    assert by_channel.index("2.0\xa0KB") < by_channel.index("1.0\xa0KB")
    by_user = html[html.index('data-testid="storage-users"') :]
    assert by_user.index("Alice") < by_user.index("1.0\xa0MB") < by_user.index("Bob")
    assert "2.0\xa0KB" in operator.get(CHANNELS).content.decode()
    users = operator.get(USERS).content.decode()
    assert "1.0\xa0MB" in users and "2.0\xa0KB" in users
    plain = staff_browser("view_channel").get("/admin/").content.decode()
    assert "storage-channels" not in plain
