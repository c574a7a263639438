"""Channels, what was said in them, and what keeps order. Written only by `chat.actions` and `chat.sending`."""

from chat.models.channel import Channel, Membership, ReadMark
from chat.models.message import Message, MessageKey, Pin
from chat.models.moderation import Announcement, Report, Restriction
from chat.models.search import SearchCursor
from chat.models.webhooks import IncomingHook, Webhook, WebhookAside, WebhookDelivery

__all__ = [
    "Announcement",
    "Channel",
    "IncomingHook",
    "Membership",
    "Message",
    "MessageKey",
    "Pin",
    "ReadMark",
    "Report",
    "Restriction",
    "SearchCursor",
    "Webhook",
    "WebhookAside",
    "WebhookDelivery",
]
