"""`push-subscription/`: notifications for the browser of the session that calls, while no page is open."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from chat.api.common.authentication import TokenOrSessionWithCsrf
from chat.api.v1.endpoint import Endpoint, Permissions, answer
from chat.api.v1.openapi import described
from chat.api.v1.schema import Id, Shape
from chat.push.actions import BrowserKeys, Choices, push_subscribe, push_test, push_unsubscribe
from chat.push.endpoints import MAX_LENGTH

_KEYS = {
    "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    "auth": "BTBZMqHH6r4Tts7J_aSIgg",
}
_CHOICES = {"direct": True, "mentions": True, "threads": True, "everything": False, "showsText": True}


class PushKeys(Shape):
    """The keys of a browser's `PushSubscription`, in base64url."""

    p256dh: Annotated[str, Meta(max_length=100)]
    auth: Annotated[str, Meta(max_length=50)]


class PushChoices(Shape):
    """The messages that the browser is notified of."""

    direct: Annotated[bool, Meta(description="Direct messages.")] = True
    mentions: Annotated[bool, Meta(description="Messages that mention you.")] = True
    threads: Annotated[bool, Meta(description="Answers in threads that you follow.")] = True
    everything: Annotated[bool, Meta(description="All messages of your channels.")] = False
    showsText: Annotated[bool, Meta(description="Notifications say what the message says.")] = True


class NewPushSubscription(PushChoices, kw_only=True):
    """A browser's subscription, as its `toJSON()` gives it, and what it is notified of."""

    endpoint: Annotated[str, Meta(max_length=MAX_LENGTH, description="The https URL of its push service.")]
    keys: PushKeys


class StoredPushSubscription(PushChoices, kw_only=True):
    """The subscription as stored. Notifications name its id."""

    id: Id


class PushSubscriptionView(Endpoint):
    permissions: ClassVar[Permissions] = {"PUT": None, "DELETE": None}
    authentication_classes = (TokenOrSessionWithCsrf,)

    @described(
        "Notify this browser",
        takes=NewPushSubscription,
        gives={200: StoredPushSubscription},
        refuses=(409,),
        tag="push",
        sent={"Usual": {"endpoint": "https://push.example.org/s/4f2a", "keys": _KEYS}},
        got={"Stored": {"id": "17"} | _CHOICES},
    )
    def put(self, request: Request) -> Response:
        """Subscribe the browser of this session to notifications by Web Push, or change what it is notified of.

        Only a browser's session can call it, with its CSRF token. The subscription ends with the session.
        """
        data = self.body(request, NewPushSubscription)
        stored = push_subscribe(
            user=request.user,
            credential=request.auth,
            browser=BrowserKeys(data.endpoint, data.keys.p256dh, data.keys.auth),
            choices=Choices(data.direct, data.mentions, data.threads, data.everything, data.showsText),
        )
        body: dict[str, Any] = {"id": str(stored.pk), "direct": stored.direct, "mentions": stored.mentions}
        body |= {"threads": stored.threads, "everything": stored.everything, "showsText": stored.shows_text}
        return answer(body)

    @described("Notify this browser no more", gives={204: None}, tag="push")
    def delete(self, request: Request) -> Response:
        """End the notifications of this session's browser. Without a subscription nothing happens."""
        push_unsubscribe(user=request.user, credential=request.auth)
        return answer(None, 204)


class PushTestView(Endpoint):
    permissions: ClassVar[Permissions] = {"POST": None}
    authentication_classes = (TokenOrSessionWithCsrf,)

    @described("Test the notifications of this browser", gives={204: None}, refuses=(404,), tag="push")
    def post(self, request: Request) -> Response:
        """Send a notification to the browser of this session, which must have subscribed."""
        push_test(user=request.user, credential=request.auth)
        return answer(None, 204)
