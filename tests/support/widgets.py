"""Connections of widgets to the shared site."""

from __future__ import annotations

import json
from typing import Any

from tests.support.shared_site import FOREIGN_ORIGIN, Clients, SharedSite, UserClient

_SERVICE = """
from django.contrib.auth.models import Permission
from accounts.models import User
host, made = User.objects.get_or_create(username="widget-host", kind="service", username_key="widget-host")
if made:
    host.user_permissions.add(Permission.objects.get(codename="add_externaluser"))
"""
_TOKEN = (
    _SERVICE
    + """
from chat.widgets.tokens import widget_token
print(widget_token(user_id={user}, channel={channel}, origin={origin!r}, issuer=f"service:{{host.pk}}")[0])
"""
)
_EXPIRED = _SERVICE + (
    "import json\nfrom django.core.signing import Signer\n"
    "print(Signer(salt='imsite.widget').sign_object([{user}, {channel}, {origin!r}, f'service:{{host.pk}}', 1]))\n"
)


def widget_token(
    site: SharedSite, user: str, channel: str, origin: str = FOREIGN_ORIGIN, *, expired: bool = False
) -> str:
    """Return a widget's token for the user and the channel with these ids."""
    script = _EXPIRED if expired else _TOKEN
    return site.shell(script.format(user=int(user), channel=int(channel), origin=origin)).strip()


def widget_url(site: SharedSite) -> str:
    return site.site.acc.removesuffix("/acc") + "/widget"


async def widget(clients: Clients, person: UserClient, channel: str, **how: Any) -> UserClient:
    """Return the connection of a widget that shows the user this channel."""
    site = clients.shared_site
    how = {"origin": FOREIGN_ORIGIN, **how}
    connection = await clients.stranger(at=widget_url(site), **how)
    await connection.enter({"appId": 101, "serviceToken": widget_token(site, person.id, channel)})
    return connection


def frames_text(connection: UserClient) -> str:
    """Return everything that the connection has received, as one text."""
    return json.dumps(connection.frames)
