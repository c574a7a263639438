"""`presence/`, `apps/`, `nodes/`: online users and connections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.numbers import parse_decimal
from chat import reasons
from chat.api.v1 import pagination
from chat.api.v1.async_call import CallContext, async_call
from chat.api.v1.endpoint import Endpoint, Permissions, answer
from chat.api.v1.openapi import CURSOR, described, limited
from chat.api.v1.schema import AppNumber, Count, Id, Milliseconds, Shape, UserName
from chat.errors import ChatError
from chat.node.lifecycle import running_node
from chat.selectors import presence as online
from chat.selectors.legacy_presence import require_app
from delivery import publish
from delivery.event_loop import call_on_loop, run_blocking
from delivery.nodes.base import NodeInfo

if TYPE_CHECKING:
    from accounts.models import App

LARGEST_PAGE = 1000


class PresenceQuery(Shape):
    users: Annotated[list[UserName], Meta(max_length=1000)]
    app: Annotated[AppNumber | None, Meta(description="Only on this app; absent: on any app.")] = None


class PresenceResult(Shape):
    online: Annotated[dict[str, bool], Meta(description="By the requested names.")]


class PersonPresence(Shape):
    userId: str
    online: bool
    away: Annotated[bool, Meta(description="Online, but without input for a while, or away by their own word.")]
    apps: Annotated[list[int], Meta(description="The apps on which a user of that name is online.")]


class AppCount(Shape):
    appId: AppNumber
    name: str
    online: Annotated[Count, Meta(description="Users online on the app, in the whole cluster.")]


class AppCounts(Shape):
    results: list[AppCount]


class OnlinePerson(Shape):
    userId: str
    id: Id


class OnlinePage(Shape):
    results: list[OnlinePerson]
    next: str | None


class NodeCount(Shape):
    """A server process: its open connections, and how many of them are logged in."""

    id: str
    started: Milliseconds
    connections: Count
    loggedIn: Count


class NodeCounts(Shape):
    results: list[NodeCount]


@async_call(
    "POST",
    "presence/query/",
    "Query presence",
    permission="chat.use_gateway",
    takes=PresenceQuery,
    gives={200: PresenceResult},
    tag="presence",
    sent={"Three users": {"users": ["alice", "bob", "nobody"]}, "On one app": {"users": ["alice"], "app": 102}},
    got={"Alice is": {"online": {"alice": True, "bob": False, "nobody": False}}},
)
async def query_presence(call: CallContext, data: PresenceQuery) -> dict[str, Any]:
    """Return which of up to 1,000 names are online. An unknown name is answered like an offline user."""
    app = None if data.app is None else (await _existing_app(data.app)).number
    return {"online": await online.online_by_name(data.users, app)}


@async_call(
    "GET",
    "presence/<name>/",
    "Get a user's presence",
    permission="chat.use_gateway",
    gives={200: PersonPresence},
    tag="presence",
    got={"On two apps": {"userId": "alice", "online": True, "away": False, "apps": [101, 102]}},
)
async def user_presence(call: CallContext, name: str) -> dict[str, Any]:
    """Return the apps on which a user of that name is online."""
    apps = await online.apps_with_user_online(name)
    away = bool(apps) and await online.is_user_away(name)
    return {"userId": name, "online": bool(apps), "away": away, "apps": apps}


class AppListView(Endpoint):
    permissions: ClassVar[Permissions] = {"GET": "chat.use_gateway"}

    @described(
        "Count online users by app",
        gives={200: AppCounts},
        tag="presence",
        got={"Two apps": {"results": [{"appId": 101, "name": "Web", "online": 12}]}},
    )
    def get(self, request: Request) -> Response:
        """Return the number of users online on each app, in the whole cluster."""
        counts = online.online_counts()
        return answer({"results": [{"appId": app.number, "name": app.name, "online": count} for app, count in counts]})


class AppOnlineView(Endpoint):
    permissions: ClassVar[Permissions] = {"GET": "chat.use_gateway"}

    @described(
        "List online users of an app",
        gives={200: OnlinePage},
        query=(
            OpenApiParameter("app", OpenApiTypes.INT, OpenApiParameter.PATH),
            limited(LARGEST_PAGE),
            CURSOR,
        ),
        tag="presence",
        got={"The last page": {"results": [{"userId": "alice", "id": "9"}], "next": None}},
    )
    def get(self, request: Request, app: str) -> Response:
        """List the users online on the app by id, up to 1,000 a page."""
        known = run_blocking(_existing_app(parse_decimal(app) or 0))
        page = pagination.requested_page(request, largest=LARGEST_PAGE)
        found, more = online.online_users_page(known, after=page.number, limit=page.limit)
        rows = [{"userId": name, "id": str(user_id)} for user_id, name in found.items()]
        return answer(pagination.page_body(rows, next=max(found) if more else None))


class NodeListView(Endpoint):
    permissions: ClassVar[Permissions] = {"GET": "chat.view_state"}

    @described(
        "Count connections by node",
        gives={200: NodeCounts},
        tag="presence",
        got={
            "One node": {"results": [{"id": "node-1", "started": 1795168800000, "connections": 210, "loggedIn": 204}]}
        },
    )
    def get(self, request: Request) -> Response:
        """List the live nodes and their connections, as of a second ago."""
        rows: list[dict[str, Any]] = [
            {"id": node.id, "started": node.started, "connections": node.connections, "loggedIn": node.logged_in}
            for node in sorted(_nodes(), key=lambda node: node.id)
        ]
        return answer({"results": rows})


def _nodes() -> list[NodeInfo]:
    node = running_node()
    if node is None or not publish.is_running():
        return []
    return call_on_loop(lambda: list(node.nodes.live().values()))


async def _existing_app(number: int) -> App:
    """Return the app of that number. Raise ChatError APP_NOT_FOUND if there is none, or it is disabled."""
    try:
        return await require_app(number)
    except ChatError as refusal:
        raise ChatError(reasons.APP_NOT_FOUND) from refusal
