"""The reasons for which requests about messages are refused. Pure."""

from __future__ import annotations

from chat.errors import (
    ILLEGAL_PARAMETER,
    ILLEGAL_USER_ID,
    NO_DATA,
    NOT_AUTHORISED,
    OPERATION_FAILED,
    TOO_MUCH,
    Reason,
)

# fmt: off

MESSAGE_EMPTY = Reason("message_empty", ILLEGAL_PARAMETER, "A message cannot be empty.",
    "The message has no text or content, or only characters that show nothing.")
MESSAGE_CHARACTER = Reason("message_character", ILLEGAL_PARAMETER, "A message cannot contain the NUL character.",
    "The text contains U+0000.")
MESSAGE_TOO_LONG = Reason("message_too_long", TOO_MUCH, "A message can have at most %(limit)s characters.",
    "The text exceeds IM_MESSAGE_MAX_LENGTH.")
THREAD_NOT_FOUND = Reason("thread_not_found", NO_DATA, "This thread does not exist, or you cannot see it.",
    "The message does not exist, the caller may not know of it, or it is itself an answer in a thread.")
MESSAGE_TYPE = Reason("message_type", ILLEGAL_PARAMETER, "Only text messages can be sent.", "`type` is not `text`.")
MESSAGE_TYPE_UNKNOWN = Reason("message_type_unknown", ILLEGAL_PARAMETER, "The session or message type is unknown.",
    "A message at `/ws` has an unknown session or message type.")
TEXT_NOT_UTF8 = Reason("text_not_utf8", ILLEGAL_PARAMETER, "A text must be UTF-8.",
    "The content of a text message at `/ws` is not UTF-8.")
SENDER_MISMATCH = Reason("sender_mismatch", ILLEGAL_USER_ID, "The sender is not the logged-in user.",
    "`sender_id` at `/ws` is another user.")
RECEIVER_NOT_FOUND = Reason("receiver_not_found", NO_DATA, "This receiver does not exist.",
    "`receiver_id` at `/ws` is no id.")
CLIENT_ID_INVALID = Reason("client_id_invalid", ILLEGAL_PARAMETER,
    "clientMsgId can have at most %(limit)s printable characters.",
    "`clientMsgId` is too long or contains unprintable characters.")
MESSAGE_NOT_FOUND = Reason("message_not_found", NO_DATA, "This message does not exist, or you cannot see it.",
    "The message does not exist, or the caller may not know of it.")
REPLY_NOT_FOUND = Reason("reply_not_found", NO_DATA, "The message you reply to does not exist, or you cannot see it.",
    "`replyTo` names no message of the channel that the caller may read.")
NOT_THE_AUTHOR = Reason("not_the_author", NOT_AUTHORISED, "You can only edit your own messages.",
    "The caller did not write the message.")
NOT_EDITABLE = Reason("not_editable", OPERATION_FAILED, "Only text messages can be edited.",
    "The message is a picture or a voice message of the protobuf protocol.")
SAVED_LIMIT_REACHED = Reason("saved_limit_reached", TOO_MUCH,
    "You have %(limit)s saved messages, which is the maximum. Remove one first.", "The user has that many.")
SCHEDULED_NOT_FOUND = Reason("scheduled_not_found", NO_DATA, "This message is no longer scheduled.",
    "The scheduled message does not exist, belongs to another user, was sent, or is being sent.")
SCHEDULE_TIME = Reason("schedule_time", ILLEGAL_PARAMETER, "Choose a time within the next %(limit)s days.",
    "`at` is not in the future, or farther than IM_SCHEDULE_MAX_DAYS.")
SCHEDULED_LIMIT_REACHED = Reason("scheduled_limit_reached", TOO_MUCH,
    "You have %(limit)s scheduled messages, which is the maximum. Cancel one first.",
    "The user has IM_SCHEDULED_PER_USER scheduled messages.")
FORWARDED_NOT_EDITABLE = Reason("forwarded_not_editable", OPERATION_FAILED, "A forwarded message cannot be edited.",
    "The text of a forwarded message is that of another user.")
MESSAGE_RECALLED = Reason("message_recalled", OPERATION_FAILED, "This message was recalled.",
    "A recalled message cannot be edited, pinned, saved or reported.")
ANNOUNCEMENTS_ONLY = Reason("announcements_only", NOT_AUTHORISED, "Only owners and admins can post in this channel.",
    "The channel is for announcements.")
SLOW_MODE = Reason("slow_mode", TOO_MUCH, "This channel is in slow mode. You can post again in %(retryAfter)s s.",
    "The caller posted less than `slowMode` seconds ago. `retryAfter` says when to try again.", retry=True)
MUTED = Reason("muted", NOT_AUTHORISED, "You are muted here. You can read messages but not post.",
    "The caller is muted until `until` (Unix milliseconds), or until lifted if that is null.")
PIN_LIMIT_REACHED = Reason("pin_limit_reached", TOO_MUCH,
    "A channel can have at most %(limit)s pinned messages. Unpin one first.",
    "The channel would exceed its number of pins.")
CANNOT_REPORT_YOURSELF = Reason("cannot_report_yourself", OPERATION_FAILED,
    "You cannot report your own message. Recall it instead.",
    "The caller wrote the reported message.")
REPORT_LIMIT_REACHED = Reason("report_limit_reached", TOO_MUCH,
    "You have reported %(limit)s messages within a day, which is the maximum. Contact an operator.",
    "The caller would exceed IM_MAX_REPORTS_PER_DAY.")
REASON_TOO_LONG = Reason("reason_too_long", ILLEGAL_PARAMETER, "A reason can have at most %(limit)s characters.",
    "The reason of a restriction or report is too long or contains invalid characters.")
BEFORE_AND_AFTER = Reason("before_and_after", ILLEGAL_PARAMETER, "Give either before or after, not both.",
    "A page of history has two ends.")
ANNOUNCEMENT_NOT_FOUND = Reason("announcement_not_found", NO_DATA, "This announcement does not exist.",
    "An operator changed an announcement that does not exist.")
ANNOUNCEMENT_SENT = Reason("announcement_sent", OPERATION_FAILED, "This announcement was sent already.",
    "An operator changed an announcement that was sent.")
