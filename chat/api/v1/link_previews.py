"""`messages/<id>/previews/<id>/`: the previews of the links in a message."""

from __future__ import annotations

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from chat.actions import service_message
from chat.api.v1.endpoint import Endpoint, Permissions, answer
from chat.api.v1.message import AS
from chat.api.v1.openapi import described
from chat.api.v1.schema import number


class LinkPreviewView(Endpoint):
    permissions: ClassVar[Permissions] = {"DELETE": "chat.delete_message"}

    @described("Remove a link preview", gives={204: None}, query=(AS,), tag="messages")
    def delete(self, request: Request, message_id: str, preview_id: str) -> Response:
        """Remove a preview from your own message, or from any message in a group you manage.

        A preview that the message does not show is no error.
        """
        service_message.message_remove_preview_by_service(
            caller=request.user,
            message_id=number(message_id),
            preview_id=preview_id,
            author=request.query_params.get("as", ""),
        )
        return answer(None, 204)
