"""Paths of `/api/v1/`, and a problem for every other path below it."""

from __future__ import annotations

from django.urls import path, re_path

from chat.api.v1 import (
    attachments,
    channels,
    external_users,
    history,
    incoming_webhooks,
    members,
    mentions,
    message,
    messages,
    presence,
    reactions,
    search,
    uploads,
    users,
    webhook_attempts,
    webhooks,
)
from chat.api.v1.endpoint import NotFoundView

urlpatterns = [
    messages.send_message.url,
    messages.send_messages.url,
    path("messages/<message_id>/", message.MessageView.as_view()),
    path("messages/<message_id>/status/", message.MessageStatusView.as_view()),
    path("messages/<message_id>/reactions/<emoji>/", reactions.ReactionView.as_view()),
    path("attachments/", attachments.AttachmentListView.as_view()),
    path("uploads/", uploads.UploadListView.as_view()),
    path("uploads/<key>/", uploads.UploadView.as_view()),
    presence.query_presence.url,
    presence.user_presence.url,
    path("apps/", presence.AppListView.as_view()),
    path("apps/<app>/online/", presence.AppOnlineView.as_view()),
    path("nodes/", presence.NodeListView.as_view()),
    path("webhooks/", webhooks.WebhookListView.as_view()),
    path("webhooks/<webhook_id>/", webhooks.WebhookView.as_view()),
    path("webhooks/<webhook_id>/secret/", webhooks.WebhookSecretView.as_view()),
    path("webhooks/<webhook_id>/ping/", webhook_attempts.WebhookPingView.as_view()),
    path("webhooks/<webhook_id>/aside/", webhook_attempts.WebhookDeadLettersView.as_view()),
    path("webhooks/<webhook_id>/deliveries/", webhook_attempts.WebhookAttemptsView.as_view()),
    path("incoming-webhooks/", incoming_webhooks.IncomingWebhookListView.as_view()),
    path("incoming-webhooks/<hook_id>/", incoming_webhooks.IncomingWebhookView.as_view()),
    path("incoming-webhooks/<hook_id>/secret/", incoming_webhooks.IncomingWebhookSecretView.as_view()),
    path("channels/", channels.ChannelListView.as_view()),
    path("channels/<channel_id>/", channels.ChannelDetailView.as_view()),
    path("channels/<channel_id>/members/", members.MemberListView.as_view()),
    path("channels/<channel_id>/members/<name>/", members.MemberView.as_view()),
    path("channels/<channel_id>/messages/", history.HistoryView.as_view()),
    path("mentions/", mentions.MentionListView.as_view()),
    path("search/messages/", search.SearchView.as_view()),
    path("users/", users.UserListView.as_view()),
    path("users/import/", users.UserImportView.as_view()),
    path("users/external/", external_users.ExternalUserListView.as_view()),
    path("users/external/<external_id>/", external_users.ExternalUserView.as_view()),
    path("users/external/<external_id>/token/", external_users.ExternalTokenView.as_view()),
    path("users/<name>/", users.UserView.as_view()),
    re_path("", NotFoundView.as_view()),
]
