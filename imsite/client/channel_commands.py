"""The commands of `/acc` about channels, for connections."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Literal

from .types import Attachment

NotificationLevel = Literal["default", "all", "mentions", "none"]


class ChannelCommands(ABC):
    """Sets what the user hears of a channel, tells that they are typing or away, and invites by links."""

    @abstractmethod
    async def call(self, cmd: str, /, *, retry: bool = False, **data: Any) -> Any:
        """Send a command and return its reply's data."""

    async def set_notifications(
        self, target: str, *, level: NotificationLevel | None = None, muted: bool | None = None
    ) -> Mapping[str, Any]:
        """Choose the messages of a channel to be notified of, or mute it, on all devices of the user.

        None leaves a value as it is. Returns both, as `level` and `muted`.
        """
        changes = {"level": level, "muted": muted}
        fields: dict[str, Any] = {name: value for name, value in changes.items() if value is not None}
        changed: Mapping[str, Any] = await self.call("channel.notifications", retry=True, target=target, **fields)
        return dict(changed["notifications"])

    async def send_typing(self, target: str, *, thread: str | None = None) -> bool:
        """Tell the others in a channel that the user is typing. Returns whether they are shown it.

        Repeat it every three seconds; a message ends it. Raises Refused. It is not sent again after a disconnect.
        """
        fields: dict[str, Any] = {} if thread is None else {"threadId": thread}
        return bool((await self.call("typing", target=target, **fields))["shown"])

    async def set_away(self, is_away: bool) -> None:
        """Show the user as away until they end it; then they are away while none of their pages reports input."""
        await self.call("presence.set", retry=True, presence="away" if is_away else "auto")

    async def set_picture(self, target: str, picture: Attachment | str | None) -> None:
        """Make an upload, or the one with this id, the picture of a group that the user manages; None removes it.

        The upload is used up. Raises Refused.
        """
        upload = picture.id if isinstance(picture, Attachment) else picture
        fields: dict[str, Any] = {} if upload is None else {"attachment": upload}
        await self.call("channel.picture", target=target, **fields)

    async def create_invite(
        self, target: str, *, seconds: int | None = None, max_uses: int | None = None, needs_approval: bool = False
    ) -> Mapping[str, Any]:
        """Create a link to a group that the user manages. Returns it; its address is `/#join/<token>`.

        `seconds`: how long it can be used; None: the site's default, 0: without an end. `max_uses`: None: any number.
        It is not sent again after a disconnect. Raises Refused.
        """
        limits = {"seconds": seconds, "maxUses": max_uses}
        fields: dict[str, Any] = {name: value for name, value in limits.items() if value is not None}
        return dict(await self.call("invite.create", target=target, needsApproval=needs_approval, **fields))

    async def accept_invite(self, token: str) -> bool:
        """Join the group of a link. Returns False if an owner or admin has to approve it first. Raises Refused."""
        return bool((await self.call("invite.accept", retry=True, token=token))["state"] == "member")

    async def withdraw_request(self, target: str) -> None:
        """Withdraw the user's own request to join a group. Raises Refused if there is none."""
        await self.call("invite.withdraw", target=target)
