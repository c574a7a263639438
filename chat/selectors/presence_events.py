"""Presence events of the log, and whether any webhook subscribes to them."""

from chat.models import Webhook

ONLINE, OFFLINE, PRESENCE_RESET = "person.online", "person.offline", "presence.reset"
PRESENCE_EVENTS = (ONLINE, OFFLINE, PRESENCE_RESET)


def has_presence_webhook() -> bool:
    """Return whether an enabled webhook subscribes to users coming online or going offline."""
    subscribed = {Webhook.Heard.PERSON_ONLINE, Webhook.Heard.PERSON_OFFLINE}
    return any(subscribed & set(hook.heard) for hook in Webhook.objects.filter(enabled=True, channel=None))
