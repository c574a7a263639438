"""The calls of `/api/v1/`, and a problem for every other path below it."""

from __future__ import annotations

from django.urls import path, re_path

from chat.api.v1 import messages
from chat.api.v1.endpoint import NoSuchPath

urlpatterns = [
    path("messages/", messages.Messages.as_view()),
    re_path("", NoSuchPath.as_view()),
]
