"""The reasons for which requests about slash commands are refused. Pure."""

from __future__ import annotations

from chat.errors import (
    ILLEGAL_PARAMETER,
    NO_DATA,
    NO_SUCH_COMMAND,
    OPERATION_FAILED,
    TOO_MUCH,
    Reason,
)

# fmt: off

NOT_A_SLASH_COMMAND = Reason("not_a_slash_command", ILLEGAL_PARAMETER,
    "A command is a slash and its name, as in /help. To send your text as it is, begin it with //.",
    "The text of `slash.run` does not begin with a slash and a name.")
UNKNOWN_SLASH_COMMAND = Reason("unknown_slash_command", NO_SUCH_COMMAND,
    "There is no command /%(name)s here. To send your text as it is, begin it with //.",
    "No slash command of this name works in the channel. Nothing was sent.")
SLASH_USAGE = Reason("slash_usage", ILLEGAL_PARAMETER, "Use the command as %(usage)s.",
    "The arguments of a slash command are missing, or have another form.")
SLASH_NAME_INVALID = Reason("slash_name_invalid", ILLEGAL_PARAMETER,
    "A command's name needs 1 to %(limit)s letters, digits, underscores or minus signs.",
    "The name of a slash command has other characters, or is too long.")
SLASH_NAME_TAKEN = Reason("slash_name_taken", OPERATION_FAILED, "There is a command /%(name)s already.",
    "The site or a service has a slash command of this name.")
SLASH_LIMIT_REACHED = Reason("slash_limit_reached", TOO_MUCH, "The site can have at most %(limit)s slash commands.",
    "The site would exceed its number of enabled slash commands.")
SLASH_RESPONSE_NOT_FOUND = Reason("slash_response_not_found", NO_DATA,
    "This response URL does not exist, has expired, or was used too often.",
    "An answer to a slash command came by a URL that is forged, too old or used up.")
