"""The custom emoji of the site."""

from __future__ import annotations

from chat.models import CustomEmoji


def custom_emoji_list() -> list[CustomEmoji]:
    """Return all custom emoji in the order of their names, without their pictures."""
    return list(CustomEmoji.objects.defer("picture").order_by("name"))


def is_custom_emoji(name: str) -> bool:
    """Return whether the site has a custom emoji of this name."""
    return CustomEmoji.objects.filter(name=name).exists()


def custom_emoji_picture(sha256: str) -> bytes | None:
    """Return the picture with this digest; None if no emoji has it."""
    picture = CustomEmoji.objects.filter(sha256=sha256).values_list("picture", flat=True).first()
    return None if picture is None else bytes(picture)
