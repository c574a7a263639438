"""The reasons for which requests about webhooks and push subscriptions are refused. Pure."""

from __future__ import annotations

from chat.errors import (
    ILLEGAL_PARAMETER,
    NO_DATA,
    NOT_AUTHORISED,
    OPERATION_FAILED,
    TOO_MUCH,
    Reason,
)

# fmt: off

WEBHOOK_NOT_FOUND = Reason("webhook_not_found", NO_DATA, "This webhook does not exist.",
    "The webhook does not exist, or the caller does not manage it.")
INCOMING_WEBHOOK_NOT_FOUND = Reason("incoming_webhook_not_found", NO_DATA,
    "This incoming webhook does not exist, or it is switched off.",
    "The incoming webhook does not exist, is switched off, or the caller does not manage it.")
WEBHOOK_LIMIT_REACHED = Reason("webhook_limit_reached", TOO_MUCH,
    "The site can have at most %(limit)s active webhooks. Switch one off first.",
    "The site would exceed its number of webhooks.")
WEBHOOK_CHANNEL_LOST = Reason("webhook_channel_lost", NOT_AUTHORISED,
    "You cannot read the channels of this webhook.",
    "The caller may no longer read what the webhook delivers.")
WEBHOOK_URL_LENGTH = Reason("webhook_url_length", ILLEGAL_PARAMETER, "A URL can have at most %(limit)s characters.",
    "The URL of a webhook is too long or contains unprintable characters.")
WEBHOOK_URL_NOT_ALLOWED = Reason("webhook_url_not_allowed", ILLEGAL_PARAMETER,
    "Webhooks cannot be sent to this URL.",
    "The URL is malformed or leads to an internal network. `error` says which.")
WEBHOOK_EVENTS = Reason("webhook_events", ILLEGAL_PARAMETER, "Choose one or more of these events: %(events)s.",
    "`events` is empty or contains an unknown event.")
WEBHOOK_PRESENCE_EVENTS = Reason("webhook_presence_events", ILLEGAL_PARAMETER,
    "Presence events are only available to a webhook of all channels.",
    "A webhook of one channel asks for events that belong to no channel.")
WEBHOOK_POSITION = Reason("webhook_position", ILLEGAL_PARAMETER, "The event log does not have this position.",
    "A replay starts beyond the end of the log.")
WEBHOOK_TEST_FAILED = Reason("webhook_test_failed", OPERATION_FAILED, "The test was not delivered.",
    "An operator tested a webhook. `error` says what the receiver answered.")
WEBHOOK_TEXT_REQUIRED = Reason("webhook_text_required", ILLEGAL_PARAMETER,
    "Put the message into text, blocks or attachments.", "The payload of an incoming webhook has no text.")
PUSH_ENDPOINT = Reason("push_endpoint", ILLEGAL_PARAMETER, "This browser's push service cannot be used.",
    "The endpoint of a browser is no https URL of a public host, or a key of its subscription is malformed.")
PUSH_NOT_SUBSCRIBED = Reason("push_not_subscribed", NO_DATA, "This browser gets no notifications.",
    "A test is asked for, and the session's browser has no subscription.")
