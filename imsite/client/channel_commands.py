"""The commands of `/acc` about channels, for connections."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Literal

NotificationLevel = Literal["default", "all", "mentions", "none"]


class ChannelCommands(ABC):
    """Sets what the user hears of a channel."""

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
        fields = {name: value for name, value in changes.items() if value is not None}
        changed: Mapping[str, Any] = await self.call("channel.notifications", retry=True, target=target, **fields)
        return dict(changed["notifications"])
