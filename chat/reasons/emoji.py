"""The reasons for which requests about emoji and reactions are refused. Pure."""

from __future__ import annotations

from chat.errors import (
    ILLEGAL_PARAMETER,
    NO_DATA,
    OPERATION_FAILED,
    TOO_MUCH,
    Reason,
)

# fmt: off

NOT_AN_EMOJI = Reason("not_an_emoji", ILLEGAL_PARAMETER, "`emoji` must be one emoji.",
    "The text of a reaction is neither one emoji nor the name of a custom one between colons.")
EMOJI_NAME_INVALID = Reason("emoji_name_invalid", ILLEGAL_PARAMETER,
    "A name needs 2 to %(limit)s letters, digits, underscores, plus or minus signs, and at least one letter.",
    "The name of a custom emoji has other characters, or is too short or long.")
EMOJI_NAME_RESERVED = Reason("emoji_name_reserved", OPERATION_FAILED,
    "A standard emoji has the name %(name)s. Choose another.",
    "A custom emoji must not hide a standard one.")
EMOJI_NAME_TAKEN = Reason("emoji_name_taken", OPERATION_FAILED, "There is a custom emoji named %(name)s already.",
    "Names of custom emoji are unique.")
EMOJI_LIMIT_REACHED = Reason("emoji_limit_reached", TOO_MUCH,
    "The site can have at most %(limit)s custom emoji. Remove one first.",
    "The site would exceed its number of custom emoji.")
EMOJI_PICTURE_REFUSED = Reason("emoji_picture_refused", ILLEGAL_PARAMETER,
    "This picture cannot be used. Choose a PNG, GIF, WebP or JPEG of up to %(limit)s KB.",
    "The picture of a custom emoji is too large, or cannot be decoded within the limits.")
EMOJI_NOT_FOUND = Reason("emoji_not_found", NO_DATA, "This custom emoji does not exist.",
    "The site has no such custom emoji.")
REACTION_LIMIT_REACHED = Reason("reaction_limit_reached", TOO_MUCH,
    "A message can have at most %(limit)s different emoji. Choose one of those that are there.",
    "The message would exceed its number of different emoji.")
