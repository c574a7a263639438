"""Paths of the older HTTP calls."""

from __future__ import annotations

from django.urls import include, path

from chat.api.incoming_webhook import Incoming
from chat.api.legacy.protobuf_clients import FriendAdd, GroupCreate, GroupUserList, Login, Register
from chat.api.legacy.system_state import SystemState
from chat.api.legacy.user_calls import SendMessage, SendMessageAll, UserList, UserOnline

urlpatterns = [
    path("user/list", UserList.as_view()),
    path("user/online", UserOnline.as_view()),
    path("user/sendMessage", SendMessage.as_view()),
    path("user/sendMessageAll", SendMessageAll.as_view()),
    path("register", Register.as_view()),
    path("login", Login.as_view()),
    path("friend/add", FriendAdd.as_view()),
    path("group/create", GroupCreate.as_view()),
    path("group_user/list", GroupUserList.as_view()),
    path("system/state", SystemState.as_view()),
    path("hooks/<str:secret>/", Incoming.as_view()),
    path("api/v1/", include("chat.api.v1.urls")),
]
