"""Paths of the HTTP calls outside `/api/v1/`."""

from __future__ import annotations

from django.urls import include, path

from chat.api.incoming_webhook import IncomingMessageView
from chat.api.legacy.protobuf_clients import FriendAddView, GroupCreateView, GroupUserListView, LoginView, RegisterView
from chat.api.legacy.system_state import SystemStateView
from chat.api.legacy.user_calls import online_users, send_message, send_message_to_app, user_online
from chat.api.slash_response import SlashResponseView

urlpatterns = [
    online_users.url,
    user_online.url,
    send_message.url,
    send_message_to_app.url,
    path("register", RegisterView.as_view()),
    path("login", LoginView.as_view()),
    path("friend/add", FriendAddView.as_view()),
    path("group/create", GroupCreateView.as_view()),
    path("group_user/list", GroupUserListView.as_view()),
    path("system/state", SystemStateView.as_view()),
    path("hooks/slash-<str:token>/", SlashResponseView.as_view()),
    path("hooks/<str:secret>/", IncomingMessageView.as_view()),
    path("api/v1/", include("chat.api.v1.urls")),
]
