"""The reasons for which the chat refuses a request, in one table. Pure.

Replies carry the key (for programs), the code and the sentence; `%(name)s` in a sentence is a member of the reply's
data. The page translates by key (static/js/locales/zh-errors.js), the admin by sentence. Reasons about accounts are in
`accounts.errors`; `chat.account_errors` adds their codes.
"""

from __future__ import annotations

from chat.errors import (
    ILLEGAL_PARAMETER,
    ILLEGAL_USER_ID,
    NO_DATA,
    NO_SUCH_COMMAND,
    NOT_AUTHORISED,
    NOT_LOGGED_IN,
    OPERATION_FAILED,
    SERVER_ERROR,
    TOO_MUCH,
    Reason,
)

# fmt: off

# -- requests of any kind ------------------------------------------------------------------------------------------
BAD_FRAME = Reason("bad_frame", ILLEGAL_PARAMETER, "This frame is not a valid request.",
    "The frame is not JSON, not an object, or has no usable `seq` or `cmd`. `error` says which.")
UNKNOWN_COMMAND = Reason("unknown_command", NO_SUCH_COMMAND, "This command does not exist.",
    "The site has no command of this name.")
INVALID_DATA = Reason("invalid_data", ILLEGAL_PARAMETER, "The data of this request is not valid.",
    "A field is missing, or has the wrong type or size. `error` names the field.")
INTERNAL_ERROR = Reason("internal_error", SERVER_ERROR, "Something went wrong on our side. Try again.",
    "The site failed. Commands that store something answer 1006, 1007 or 1008 instead of 1004.", retry=True)
RATE_LIMITED = Reason("rate_limited", TOO_MUCH, "You are doing this too fast. Wait a moment and try again.",
    "The client exceeded a rate limit. `retryAfter` says when to try again, in seconds.", retry=True)
SITE_BUSY = Reason("site_busy", TOO_MUCH, "The site is busy. Try again in a moment.",
    "Too many messages wait to be stored. `retryAfter` says when to try again, in seconds.", retry=True)
PERMISSION_REQUIRED = Reason("permission_required", NOT_AUTHORISED, "This needs the permission %(permission)s.",
    "The token's user lacks the permission that `permission` names.")
FORBIDDEN = Reason("forbidden", NOT_AUTHORISED, "You are not allowed to do this.", "The caller lacks a right.")

# -- logging in ----------------------------------------------------------------------------------------------------
LOGIN_REQUIRED = Reason("login_required", NOT_LOGGED_IN, "Log in first.",
    "A command that needs a log-in came before it.")
ALREADY_LOGGED_IN = Reason("already_logged_in", OPERATION_FAILED, "This connection is already logged in.",
    "A second `login` on one connection. Open another connection instead.")
INVALID_TOKEN = Reason("invalid_token", NOT_AUTHORISED, "This token is not valid. Sign in again.",
    "The token of a `login` is unknown, expired or revoked.")
TOKEN_MISSING = Reason("token_missing", NOT_AUTHORISED, "Log in with a token.", "A `Login` at `/ws` had no token.")
SESSION_ENDED = Reason("session_ended", NOT_AUTHORISED, "Your session has ended. Sign in again.",
    "The sign-in behind the token or cookie ended.")
USER_ID_MISMATCH = Reason("user_id_mismatch", ILLEGAL_USER_ID, "This user ID belongs to another user.",
    "`userId` is not the user of the token or session.")
GUEST_NAME_LENGTH = Reason("guest_name_length", ILLEGAL_USER_ID, "A guest name needs 1 to %(limit)s characters.",
    "A `login` without a token had no `userId`, or one that is too long.")
UNKNOWN_APP = Reason("unknown_app", NOT_AUTHORISED, "This app does not exist.",
    "The app to log in to does not exist or is disabled.")
TOO_MANY_CONNECTIONS = Reason("too_many_connections", TOO_MUCH,
    "You have %(limit)s open connections, which is the maximum. Close one and try again.",
    "The user has too many connections. The site closes this one.")
ACCOUNT_REQUIRED = Reason("account_required", NOT_AUTHORISED, "Guests cannot do this. Create an account first.",
    "A guest did something that needs an account.")
ACCOUNT_INACTIVE = Reason("account_inactive", NOT_AUTHORISED, "This account is deactivated.",
    "The caller's account was deactivated.")
REGISTRATION_CLOSED = Reason("registration_closed", NOT_AUTHORISED, "Registration is closed.",
    "The site takes no new accounts.")
WRONG_CREDENTIALS = Reason("wrong_credentials", NOT_AUTHORISED, "Wrong phone number or password.",
    "No account has this phone number and password.")

# -- users ---------------------------------------------------------------------------------------------------------
USER_NOT_FOUND = Reason("user_not_found", NO_DATA, "There is no user named %(userId)s.",
    "No account has this user name.")
CANNOT_MESSAGE_USER = Reason("cannot_message_user", NOT_AUTHORISED, "You cannot message this user.",
    "The other user does not take messages from the caller.")
USER_UNREACHABLE = Reason("user_unreachable", OPERATION_FAILED,
    "This user cannot be reached, because their account is not active.",
    "The account of the private channel's other user was deleted, deactivated or banned from the site.")
BLOCKED_BY_YOU = Reason("blocked_by_you", NOT_AUTHORISED, "You have blocked this user. Unblock them first.",
    "The caller blocked the other user.")
CANNOT_ADD_USER = Reason("cannot_add_user", NOT_AUTHORISED, "You cannot add %(userId)s.",
    "The user does not want to be added to groups by the caller.")
OUTRANKED = Reason("outranked", NOT_AUTHORISED, "You can only do this to members whose role is below yours.",
    "The other member's role is equal to or above the caller's.")
STAFF_PROTECTED = Reason("staff_protected", NOT_AUTHORISED, "Only superusers can do this to staff.",
    "An operator who is no superuser tried to restrict staff.")
CANNOT_RESTRICT_YOURSELF = Reason("cannot_restrict_yourself", ILLEGAL_PARAMETER, "You cannot restrict yourself.",
    "The restriction names the caller.")
BAN_NEEDS_GROUP = Reason("ban_needs_group", ILLEGAL_PARAMETER,
    "Users can only be banned from groups. Mute them here instead.",
    "A ban in a channel that is no group.")
UNTIL_IN_PAST = Reason("until_in_past", ILLEGAL_PARAMETER, "This end time has passed. Choose a later one.",
    "`until` of a restriction is in the past.")
BANNED_FROM_SITE = Reason("banned_from_site", OPERATION_FAILED,
    "This user is banned from the site. Lift the ban first.",
    "An operator tried to reactivate a banned account.")

# -- channels and members ------------------------------------------------------------------------------------------
CHANNEL_NOT_FOUND = Reason("channel_not_found", NO_DATA, "This channel does not exist, or you cannot see it.",
    "The channel does not exist, or the caller may not know of it.")
APP_NOT_FOUND = Reason("app_not_found", NO_DATA, "This app does not exist.", "No app has this number.")
CHANNEL_CLOSED = Reason("channel_closed", OPERATION_FAILED, "This channel is closed.",
    "An operator closed the channel. It can still be read.")
NOT_A_GROUP = Reason("not_a_group", NOT_AUTHORISED, "This is only possible in groups.",
    "The channel is an app's global channel or a private channel.")
CANNOT_JOIN_GROUP = Reason("cannot_join_group", NO_DATA, "This group does not exist, or you cannot join it.",
    "The group does not exist, is not open, or the caller is banned from it.")
NOT_A_MEMBER = Reason("not_a_member", NO_DATA, "You are not a member of this group.", "The caller is not in the group.")
USER_NOT_A_MEMBER = Reason("user_not_a_member", NO_DATA, "This user is not a member of the group.",
    "The other user is not in the group.")
USER_BANNED = Reason("user_banned", NOT_AUTHORISED, "This user is banned from the group. Lift the ban first.",
    "A banned user cannot be added to the group.")
MANAGER_REQUIRED = Reason("manager_required", NOT_AUTHORISED, "Only owners and admins of this group can do this.",
    "The caller is neither owner nor admin of the group.")
OWNER_REQUIRED = Reason("owner_required", NOT_AUTHORISED, "Only owners of this group can do this.",
    "The caller does not own the group.")
LAST_OWNER = Reason("last_owner", OPERATION_FAILED,
    "A group needs at least one owner. Make another member an owner first.",
    "The change would leave the group without an owner.")
ALREADY_OWNER = Reason("already_owner", OPERATION_FAILED, "You already own this group.", "The new owner is the caller.")
GROUP_FULL = Reason("group_full", TOO_MUCH, "A group can have at most %(limit)s members.",
    "The group would exceed IM_GROUP_MAX_MEMBERS.")
GROUP_LIMIT_REACHED = Reason("group_limit_reached", TOO_MUCH,
    "%(userId)s is in %(limit)s groups, which is the maximum.",
    "The user would exceed IM_MAX_GROUPS_PER_USER.")
MEMBER_INACTIVE = Reason("member_inactive", NO_DATA, "One of these users has no active account.",
    "A user was deactivated meanwhile.")
GROUP_NAME_REQUIRED = Reason("group_name_required", ILLEGAL_PARAMETER, "A listed group needs a name.",
    "A listed group has no name.")
GROUP_EMPTY = Reason("group_empty", ILLEGAL_PARAMETER, "Give the group a name or members.",
    "A new group has neither a name nor other members.")
ONE_MEMBER_REQUIRED = Reason("one_member_required", ILLEGAL_PARAMETER,
    "A private channel needs exactly one other user.",
    "`members` of a private channel names none or several.")
CANNOT_MESSAGE_YOURSELF = Reason("cannot_message_yourself", ILLEGAL_PARAMETER,
    "You cannot start a private channel with yourself.",
    "The other user of a private channel is the caller.")
PRIVATE_CHANNEL_POLICY = Reason("private_channel_policy", ILLEGAL_PARAMETER, "A private channel has no settings.",
    "An operator changed the policy of a private channel.")
GLOBAL_CHANNEL_POLICY = Reason("global_channel_policy", ILLEGAL_PARAMETER,
    "The channel of an app is open to everyone on the app. This setting cannot be changed.",
    "An operator changed who may join an app's global channel.")
SLOW_MODE_RANGE = Reason("slow_mode_range", ILLEGAL_PARAMETER, "Slow mode can be 0 to %(limit)s seconds.",
    "`slowMode` is out of range.")
NEW_OWNER_NOT_FOUND = Reason("new_owner_not_found", NO_DATA, "This user or group does not exist.",
    "An operator transferred something that is no group, or to nobody.")

# -- messages ------------------------------------------------------------------------------------------------------
MESSAGE_EMPTY = Reason("message_empty", ILLEGAL_PARAMETER, "A message cannot be empty.",
    "The message has no text or content, or only characters that show nothing.")
MESSAGE_CHARACTER = Reason("message_character", ILLEGAL_PARAMETER, "A message cannot contain the NUL character.",
    "The text contains U+0000.")
MESSAGE_TOO_LONG = Reason("message_too_long", TOO_MUCH, "A message can have at most %(limit)s characters.",
    "The text exceeds IM_MESSAGE_MAX_LENGTH.")
ATTACHMENT_TOO_LARGE = Reason("attachment_too_large", TOO_MUCH,
    "A picture or voice message can have at most %(limit)s bytes.",
    "The content of a picture or voice message is too large.")
THREAD_NOT_FOUND = Reason("thread_not_found", NO_DATA, "This thread does not exist, or you cannot see it.",
    "The message does not exist, the caller may not know of it, or it is itself an answer in a thread.")
ATTACHMENT_NOT_FOUND = Reason("attachment_not_found", NO_DATA, "This file does not exist, or cannot be sent.",
    "An attachment is not an upload of the sender that is complete and not yet sent.")
ATTACHMENTS_ONE_DESTINATION = Reason("attachments_one_destination", ILLEGAL_PARAMETER,
    "A message with files has one destination, and is not transient.",
    "Attachments were sent to several destinations, or in a transient message.")
TOO_MANY_ATTACHMENTS = Reason("too_many_attachments", TOO_MUCH, "A message can have at most %(limit)s files.",
    "A message names more attachments than IM_ATTACHMENTS_PER_MESSAGE.")
UPLOADS_NOT_ALLOWED = Reason("uploads_not_allowed", NOT_AUTHORISED, "You cannot upload files here.",
    "A guest uploads a file, and IM_GUEST_UPLOADS is off.")
FILE_TOO_LARGE = Reason("file_too_large", TOO_MUCH, "A file can have at most %(limit)s bytes.",
    "An uploaded file is larger than IM_ATTACHMENT_MAX_BYTES.")
FILE_EMPTY = Reason("file_empty", ILLEGAL_PARAMETER, "This file is empty.",
    "An upload has no content, or a form no `file`.")
FILE_TYPE_REFUSED = Reason("file_type_refused", ILLEGAL_PARAMETER,
    "Files of the type %(type)s cannot be uploaded here.",
    "The type that was found in the content is not in IM_ATTACHMENT_TYPES.")
PICTURE_REFUSED = Reason("picture_refused", ILLEGAL_PARAMETER,
    "This picture cannot be read. It may be damaged, or have more than %(limit)s million pixels.",
    "A picture cannot be decoded within IM_PICTURE_MAX_PIXELS and IM_PICTURE_MAX_BYTES.")
FILE_INFECTED = Reason("file_infected", ILLEGAL_PARAMETER, "This file contains a virus (%(threat)s) and was deleted.",
    "The virus scanner of the site found something in the file.")
SCANNER_UNAVAILABLE = Reason("scanner_unavailable", SERVER_ERROR,
    "The file cannot be checked for viruses at the moment. Try again.",
    "The virus scanner of the site does not answer. `retryAfter` says when to try again. A resumable upload is kept: "
    "repeat its last request, or GET it.", retry=True)
UPLOAD_QUOTA = Reason("upload_quota", TOO_MUCH,
    "You have uploaded as much as you can for now. Try again later, or delete messages with files.",
    "The user's files exceed IM_UPLOAD_BYTES_PER_DAY (`retryAfter` says when to try again) or "
    "IM_STORAGE_BYTES_PER_USER, or too many of their uploads are unfinished.")
UPLOAD_OFFSET = Reason("upload_offset", OPERATION_FAILED, "This upload continues at byte %(offset)s.",
    "`Upload-Offset` is not the number of bytes that are stored, for example because another request continued first.")
UPLOAD_PARTS = Reason("upload_parts", ILLEGAL_PARAMETER,
    "This upload has too many small parts. Upload the file again in larger ones.",
    "The upload is stored in IM_UPLOAD_MAX_PARTS parts. Each request stores at least one, and one for each 8 MiB.")
UPLOAD_BUSY = Reason("upload_busy", OPERATION_FAILED, "This upload is being completed. Try again in a moment.",
    "Another request completes the same upload.", retry=True)
UPLOAD_NOT_FOUND = Reason("upload_not_found", NO_DATA, "This upload does not exist.",
    "There is no such upload of the caller. It may be cancelled, refused or expired.")
UPLOAD_HEADER = Reason("upload_header", ILLEGAL_PARAMETER, "The request needs a valid %(header)s header.",
    "A header of the upload protocol is missing or not valid.")
UPLOAD_VERSION = Reason("upload_version", ILLEGAL_PARAMETER, "The upload protocol has the version 1.0.0.",
    "`Tus-Resumable` is not 1.0.0.")
STORAGE_UNAVAILABLE = Reason("storage_unavailable", SERVER_ERROR, "The file cannot be stored at the moment. Try again.",
    "The storage is full or does not answer. `retryAfter` says when to try again.", retry=True)
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

# -- HTTP calls ----------------------------------------------------------------------------------------------------
API_TOKEN_REQUIRED = Reason("api_token_required", NOT_LOGGED_IN,
    "This call needs an API token: Authorization: Bearer <token>.",
    "The call has no token.")
API_TOKEN_INVALID = Reason("api_token_invalid", NOT_LOGGED_IN, "This token is not valid.",
    "The API token is malformed, unknown, expired or revoked.")
ORIGIN_NOT_ALLOWED = Reason("origin_not_allowed", NOT_AUTHORISED, "Pages of this origin cannot make calls.",
    "The `Origin` of the call is not in IM_ALLOWED_ORIGINS.")
PATH_NOT_FOUND = Reason("path_not_found", NO_SUCH_COMMAND, "This path does not exist. Paths end with a slash.",
    "No call has this path.")
METHOD_NOT_ALLOWED = Reason("method_not_allowed", NO_SUCH_COMMAND, "This path does not have this method.",
    "The path has other methods only.")
MEDIA_TYPE_UNSUPPORTED = Reason("media_type_unsupported", ILLEGAL_PARAMETER,
    "Send JSON: Content-Type: application/json.",
    "The body is declared as something else than JSON.")
BAD_REQUEST = Reason("bad_request", ILLEGAL_PARAMETER, "This request is not valid.", "The HTTP request is malformed.")
BODY_NOT_JSON = Reason("body_not_json", ILLEGAL_PARAMETER, "The body is not JSON.", "The body cannot be parsed.")
BODY_NOT_FORM = Reason("body_not_form", ILLEGAL_PARAMETER, "The body is not a form.",
    "The body of an incoming webhook cannot be parsed as a form.")
BODY_TOO_LARGE = Reason("body_too_large", TOO_MUCH, "The body can have at most %(limit)s bytes.",
    "The body exceeds the limit of the call.")
ID_NOT_FOUND = Reason("id_not_found", NO_DATA, "This ID does not exist.", "The text is no ID.")
LIMIT_RANGE = Reason("limit_range", ILLEGAL_PARAMETER, "limit must be a number from 1 to %(limit)s.",
    "The query parameter `limit` is out of range.")
CURSOR_INVALID = Reason("cursor_invalid", ILLEGAL_PARAMETER, "This cursor does not belong to this list.",
    "The query parameter `cursor` is not the `next` of a page of this list.")
NOT_A_SEQ = Reason("not_a_seq", ILLEGAL_PARAMETER, "%(field)s must be the sequence number of a message.",
    "The query parameter `before` or `after` is no number.")
QUERY_LENGTH = Reason("query_length", ILLEGAL_PARAMETER, "q needs 1 to %(limit)s characters.",
    "The query parameter `q` is empty or too long.")
KIND_UNKNOWN = Reason("kind_unknown", ILLEGAL_PARAMETER, "kind must be global, public or private.",
    "The query parameter `kind` has another value.")
RECIPIENT_REQUIRED = Reason("recipient_required", ILLEGAL_PARAMETER,
    "Give exactly one of channel, user, users, app and everyone.",
    "`to` names no recipient, or several kinds.")
TRANSIENT_IN_THREAD = Reason("transient_in_thread", ILLEGAL_PARAMETER, "A transient message belongs to no thread.",
    "A transient message has a `threadId`.")
TRANSIENT_ALONE = Reason("transient_alone", ILLEGAL_PARAMETER, "Send transient messages one at a time.",
    "A bulk call contains a transient message.")
TOO_MANY_MESSAGES = Reason("too_many_messages", TOO_MUCH, "One call can store at most %(limit)s messages.",
    "The messages and their recipients exceed IM_API_MAX_MESSAGES.")
USER_ID_REQUIRED = Reason("user_id_required", ILLEGAL_PARAMETER, "Give either externalId or userId.",
    "An imported user has neither or both.")
AVATAR_NOT_BASE64 = Reason("avatar_not_base64", ILLEGAL_PARAMETER, "avatar must be a picture in Base64.",
    "`avatar` cannot be decoded.")
IDEMPOTENCY_KEY_INVALID = Reason("idempotency_key_invalid", ILLEGAL_PARAMETER,
    "An Idempotency-Key needs 1 to %(limit)s printable characters.",
    "The header `Idempotency-Key` is empty, too long, or contains unprintable characters.")
IDEMPOTENCY_KEY_REUSED = Reason("idempotency_key_reused", OPERATION_FAILED,
    "This Idempotency-Key was used for another request.",
    "Another request used the same key, or the same `clientMsgId`.")
RESPONSE_LOST = Reason("response_lost", OPERATION_FAILED,
    "This was already done, and its response cannot be repeated.",
    "The stored response of an idempotency key can no longer be decrypted.")
APP_ID_MISSING = Reason("app_id_missing", ILLEGAL_PARAMETER, "appID is missing.", "`appID` is missing or 0.")
APP_ID_INVALID = Reason("app_id_invalid", ILLEGAL_PARAMETER, "appID must be a number.", "`appID` is no number.")
MSG_ID_INVALID = Reason("msg_id_invalid", ILLEGAL_PARAMETER, "msgID needs 1 to 200 printable characters.",
    "`msgID` is missing, too long, or contains unprintable characters.")

# -- webhooks ------------------------------------------------------------------------------------------------------
WEBHOOK_NOT_FOUND = Reason("webhook_not_found", NO_DATA, "This webhook does not exist.",
    "The webhook does not exist, or the caller does not manage it.")
INCOMING_WEBHOOK_NOT_FOUND = Reason("incoming_webhook_not_found", NO_DATA,
    "This incoming webhook does not exist, or it is switched off.",
    "The incoming webhook does not exist, is switched off, or the caller does not manage it.")
WEBHOOK_LIMIT_REACHED = Reason("webhook_limit_reached", TOO_MUCH,
    "The site can have at most %(limit)s active webhooks. Switch one off first.",
    "The site would exceed its number of webhooks.")
WEBHOOK_CHANNEL_LOST = Reason("webhook_channel_lost", NOT_AUTHORISED,
    "You cannot read the channels of this webhook.",
    "The caller may no longer read what the webhook delivers.")
WEBHOOK_URL_LENGTH = Reason("webhook_url_length", ILLEGAL_PARAMETER, "A URL can have at most %(limit)s characters.",
    "The URL of a webhook is too long or contains unprintable characters.")
WEBHOOK_URL_NOT_ALLOWED = Reason("webhook_url_not_allowed", ILLEGAL_PARAMETER,
    "Webhooks cannot be sent to this URL.",
    "The URL is malformed or leads to an internal network. `error` says which.")
WEBHOOK_EVENTS = Reason("webhook_events", ILLEGAL_PARAMETER, "Choose one or more of these events: %(events)s.",
    "`events` is empty or contains an unknown event.")
WEBHOOK_PRESENCE_EVENTS = Reason("webhook_presence_events", ILLEGAL_PARAMETER,
    "Presence events are only available to a webhook of all channels.",
    "A webhook of one channel asks for events that belong to no channel.")
WEBHOOK_POSITION = Reason("webhook_position", ILLEGAL_PARAMETER, "The event log does not have this position.",
    "A replay starts beyond the end of the log.")
WEBHOOK_TEST_FAILED = Reason("webhook_test_failed", OPERATION_FAILED, "The test was not delivered.",
    "An operator tested a webhook. `error` says what the receiver answered.")
WEBHOOK_TEXT_REQUIRED = Reason("webhook_text_required", ILLEGAL_PARAMETER,
    "Put the message into text, blocks or attachments.", "The payload of an incoming webhook has no text.")
PUSH_ENDPOINT = Reason("push_endpoint", ILLEGAL_PARAMETER, "This browser's push service cannot be used.",
    "The endpoint of a browser is no https URL of a public host, or a key of its subscription is malformed.")
PUSH_NOT_SUBSCRIBED = Reason("push_not_subscribed", NO_DATA, "This browser gets no notifications.",
    "A test is asked for, and the session's browser has no subscription.")

# fmt: on

REASONS: dict[str, Reason] = {value.key: value for value in list(globals().values()) if isinstance(value, Reason)}
"""All of them by key."""
