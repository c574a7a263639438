"""Presence events of the event log, and whether a webhook subscribes to them."""

from chat.models import Webhook
from chat.wire.schema.events import PERSON_OFFLINE, PERSON_ONLINE


def has_presence_webhook() -> bool:
    """Return whether an enabled webhook subscribes to users coming online or going offline."""
    names = {event.name for kind in (PERSON_ONLINE, PERSON_OFFLINE) for event in kind.webhooks}
    return any(names & set(hook.subscriptions) for hook in Webhook.objects.filter(enabled=True, channel=None))
