"""Structs of the bodies that webhook receivers get, built from the registry of events, for the OpenAPI document.

Sending code does not instantiate them: `chat.webhooks.outgoing.payloads` builds plain dicts. Tests compare both.
"""

from __future__ import annotations

from typing import Annotated, Any, Union

from msgspec import UNSET, Meta, UnsetType, defstruct

from chat.wire.schema.event_kind import WebhookEvent
from chat.wire.schema.events import EVENTS, PING
from chat.wire.schema.objects import Id, Position, Shape, Time


class Event(Shape, tag_field="event"):
    """An event. `position` grows; drop an event whose position you have had."""

    position: Position
    time: Time
    late: (
        Annotated[bool, Meta(description="It was refused before, and later events have overtaken it.")] | UnsetType
    ) = UNSET


def _struct(event: WebhookEvent, about: str) -> type[Event]:
    """Return the struct of an event, such as `MessageSent` for `message.sent`."""
    name = "".join(map(str.capitalize, event.name.split(".")))
    made = defstruct(
        name, [("data", event.data)], bases=(Event,), tag=event.name, kw_only=True, namespace={"__doc__": about}
    )
    return made  # type: ignore[return-value]


_STRUCTS = [_struct(event, kind.about) for kind in EVENTS.values() for event in kind.webhooks]
_STRUCTS.append(_struct(PING, "A test, or a request to find out whether a slow receiver answers."))

Batch: Any = defstruct(
    "Batch",
    [
        ("webhook", Annotated[Id, Meta(description="The webhook that the request belongs to.")]),
        ("events", list[Union[tuple(_STRUCTS)]]),  # type: ignore[misc]  # noqa: UP007
    ],
    bases=(Shape,),
    namespace={"__doc__": "The events of one request, in order."},
)
