"""Channels, messages, moderation and webhooks. Written only by `chat.actions`, `chat.webhooks` and `chat.sending`."""

from chat.models.attachment import Attachment, InlineMedia, UploadPart
from chat.models.channel import Channel, Membership, ReadMark
from chat.models.channel_picture import ChannelPicture
from chat.models.emoji import CustomEmoji
from chat.models.imports import ImportedRecord
from chat.models.invites import InviteLink, JoinRequest
from chat.models.link_preview import LinkPreview, MessagePreview
from chat.models.mail_digest import MailDigest
from chat.models.message import Message, MessageKey, MessageMention, Pin, Reaction, ReactionUser
from chat.models.moderation import Announcement, Report, Restriction
from chat.models.notifications import NotificationSetting
from chat.models.push import PushNotification, PushState, PushSubscription
from chat.models.saved import SavedMessage
from chat.models.scheduled import ScheduledMessage
from chat.models.search import SearchCursor
from chat.models.sidebar import Sidebar
from chat.models.slash import SlashCommand, SlashRun
from chat.models.starred_channel import StarredChannel
from chat.models.thread import Thread, ThreadFollower
from chat.models.webhooks import IncomingWebhook, Webhook, WebhookDeadLetter, WebhookDelivery

__all__ = [
    "Announcement",
    "Attachment",
    "Channel",
    "ChannelPicture",
    "CustomEmoji",
    "ImportedRecord",
    "IncomingWebhook",
    "InlineMedia",
    "InviteLink",
    "JoinRequest",
    "LinkPreview",
    "MailDigest",
    "Membership",
    "Message",
    "MessageKey",
    "MessageMention",
    "MessagePreview",
    "NotificationSetting",
    "Pin",
    "PushNotification",
    "PushState",
    "PushSubscription",
    "Reaction",
    "ReactionUser",
    "ReadMark",
    "Report",
    "Restriction",
    "SavedMessage",
    "ScheduledMessage",
    "SearchCursor",
    "Sidebar",
    "SlashCommand",
    "SlashRun",
    "StarredChannel",
    "Thread",
    "ThreadFollower",
    "UploadPart",
    "Webhook",
    "WebhookDeadLetter",
    "WebhookDelivery",
]
