"""Every URL pattern of the site, filled with the values of existing rows, and browsers of every role."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.core.files.base import ContentFile
from django.test import Client
from django.urls import get_resolver

from accounts.actions import app_create, avatar_set, guest_create, user_register
from accounts.models import User
from chat.actions.channel import channel_create_global, channel_create_group
from chat.actions.custom_emoji import custom_emoji_create
from chat.actions.link_preview import message_set_previews, preview_store
from chat.actions.member import member_leave
from chat.attachments import storage
from chat.attachments.emoji_picture import EmojiPicture
from chat.attachments.inspection import make_thumbnail
from chat.models import ChannelPicture, Message
from chat.views.offline_shell import page_version
from tests.support.admin_site import patterns
from tests.support.attachments import stored_attachment
from tests.support.in_process import say
from tests.support.pictures import picture

LINK = "https://a.test/"


def url_patterns(*, without: tuple[str, ...] = ("admin/", "api/v1/")) -> list[str]:
    """Return all patterns of the site's URLs, but those with these prefixes, which have tests of their own."""
    found = patterns(get_resolver().url_patterns)
    return sorted({path for path in found if not path.startswith(without)})


def fill(pattern: str, values: Mapping[str, str], default: str = "x") -> str:
    """Return the URL of a pattern with its parameters replaced by the values of these names, or by the default."""
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: values.get(found[1], default), pattern)


@dataclass(frozen=True)
class ServedSite:
    """Browsers by role, and the URL of each pattern.

    The roles: `nobody`, a `guest`, one who was never in the group (`stranger`), one who has left it (`gone`), a
    `member`, `staff` without a permission, and an `operator`.
    """

    browsers: dict[str, Client]
    users: dict[str, User]
    urls: dict[str, str]


def _browser(user: User | None) -> Client:
    client = Client(enforce_csrf_checks=True)
    if user is not None:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def served_site() -> ServedSite:
    """Create rows of everything that has a URL, all of them in one closed group or of its owner."""
    channel_create_global(app=app_create(number=101, name="Web"))
    names = ("owner", "member", "gone", "stranger", "staff", "operator")
    users = {name: user_register(username=f"the-{name}", password="a good password") for name in names}
    users["guest"] = guest_create(name="guest")
    User.objects.filter(pk=users["staff"].pk).update(is_staff=True)
    User.objects.filter(pk=users["operator"].pk).update(is_staff=True, is_superuser=True)
    group = channel_create_group(creator=users["owner"], name="Tea", members=["the-member", "the-gone"], join="closed")
    said = say(users["owner"], group, LINK)
    small = storage.new_name()
    storage.save(small, ContentFile(b"small"))
    sent = stored_attachment(users["owner"], thumbnail=small, message_id=said.id)
    preview = preview_store(address=LINK, title="A", description="", site_name="", thumbnail=make_thumbnail(picture()))
    message_set_previews(message_id=said.id, text=Message.objects.get(pk=said.id).text, previews=[preview])
    member_leave(user=users["gone"], channel_id=group.pk)
    emoji = custom_emoji_create(by=users["operator"], name="teapot1", picture=EmojiPicture(b"x", 1, 1))
    avatar = avatar_set(user_id=users["owner"].pk, picture=picture()).avatar
    values = {"name": "photo.jpg", "slug": "github", "version": page_version(), "sha256": emoji.sha256}
    own = {
        "avatars/": {"name": avatar.removeprefix("/avatars/")},
        "group-pictures/": {"key": ChannelPicture.objects.create(channel=group, content=b"x").key},
        "link-previews/": {"message_id": str(said.id), "key": preview.key},
        "files/": {"key": sent.key},
        "thumbnails/": {"key": sent.key},
    }
    urls = {
        pattern: fill(pattern, values | next((of for start, of in own.items() if pattern.startswith(start)), {}))
        for pattern in url_patterns()
    }
    browsers = {"nobody": _browser(None)} | {name: _browser(user) for name, user in users.items()}
    return ServedSite(browsers, users, urls)
