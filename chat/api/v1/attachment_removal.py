"""`messages/<id>/attachments/<id>/`: the files of a message."""

from __future__ import annotations

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from chat.actions import service_message
from chat.api.v1.endpoint import Endpoint, Permissions, answer
from chat.api.v1.message import AS
from chat.api.v1.openapi import described
from chat.api.v1.schema import number


class MessageAttachmentView(Endpoint):
    permissions: ClassVar[Permissions] = {"DELETE": "chat.delete_message"}

    @described("Remove a file from a message", gives={204: None}, query=(AS,), tag="messages")
    def delete(self, request: Request, message_id: str, attachment_id: str) -> Response:
        """Remove a file from your own message, or from any message in a group you manage. The message still names it.

        A file that has been removed before is no error.
        """
        service_message.attachment_remove_by_service(
            caller=request.user,
            message_id=number(message_id),
            key=attachment_id,
            author=request.query_params.get("as", ""),
        )
        return answer(None, 204)
