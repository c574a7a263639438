"""Paths of `/api/v1/`, and a problem for every other path below it."""

from __future__ import annotations

from django.urls import path, re_path

from chat.api.v1 import (
    channels,
    external,
    history,
    incoming_webhooks,
    members,
    message,
    messages,
    presence,
    search,
    users,
    webhook_attempts,
    webhooks,
)
from chat.api.v1.endpoint import NoSuchPath

urlpatterns = [
    path("messages/", messages.Messages.as_view()),
    path("messages/bulk/", messages.MessagesBulk.as_view()),
    path("messages/<message_id>/", message.OneMessage.as_view()),
    path("messages/<message_id>/status/", message.MessageStatus.as_view()),
    path("presence/query/", presence.Presence.as_view()),
    path("presence/<name>/", presence.PresenceOf.as_view()),
    path("apps/", presence.Apps.as_view()),
    path("apps/<int:app>/online/", presence.AppOnline.as_view()),
    path("nodes/", presence.Nodes.as_view()),
    path("webhooks/", webhooks.Webhooks.as_view()),
    path("webhooks/<webhook_id>/", webhooks.OneWebhook.as_view()),
    path("webhooks/<webhook_id>/secret/", webhooks.WebhookSecret.as_view()),
    path("webhooks/<webhook_id>/ping/", webhook_attempts.WebhookPing.as_view()),
    path("webhooks/<webhook_id>/aside/", webhook_attempts.WebhookAsides.as_view()),
    path("webhooks/<webhook_id>/deliveries/", webhook_attempts.WebhookDeliveries.as_view()),
    path("incoming-webhooks/", incoming_webhooks.IncomingWebhooks.as_view()),
    path("incoming-webhooks/<hook_id>/", incoming_webhooks.OneIncomingWebhook.as_view()),
    path("incoming-webhooks/<hook_id>/secret/", incoming_webhooks.IncomingWebhookSecret.as_view()),
    path("channels/", channels.ChannelList.as_view()),
    path("channels/<channel_id>/", channels.ChannelDetailView.as_view()),
    path("channels/<channel_id>/members/", members.MemberList.as_view()),
    path("channels/<channel_id>/members/<name>/", members.OneMember.as_view()),
    path("channels/<channel_id>/messages/", history.History.as_view()),
    path("search/messages/", search.SearchMessages.as_view()),
    path("users/", users.UserList.as_view()),
    path("users/import/", users.UserImport.as_view()),
    path("users/external/", external.ExternalList.as_view()),
    path("users/external/<external_id>/", external.External.as_view()),
    path("users/external/<external_id>/token/", external.ExternalToken.as_view()),
    path("users/<name>/", users.User.as_view()),
    re_path("", NoSuchPath.as_view()),
]
