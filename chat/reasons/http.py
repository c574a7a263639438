"""The reasons for which HTTP calls are refused. Pure."""

from __future__ import annotations

from chat.errors import (
    ILLEGAL_PARAMETER,
    NO_DATA,
    NO_SUCH_COMMAND,
    NOT_AUTHORISED,
    NOT_LOGGED_IN,
    OPERATION_FAILED,
    TOO_MUCH,
    Reason,
)

# fmt: off

API_TOKEN_REQUIRED = Reason("api_token_required", NOT_LOGGED_IN,
    "This call needs an API token: Authorization: Bearer <token>.",
    "The call has no token.")
API_TOKEN_INVALID = Reason("api_token_invalid", NOT_LOGGED_IN, "This token is not valid.",
    "The API token is malformed, unknown, expired or revoked.")
ORIGIN_NOT_ALLOWED = Reason("origin_not_allowed", NOT_AUTHORISED, "Pages of this origin cannot make calls.",
    "The `Origin` of the call is not in IM_ALLOWED_ORIGINS.")
WIDGET_ORIGIN_NOT_ALLOWED = Reason("widget_origin_not_allowed", NOT_AUTHORISED,
    "This website may not embed the chat: its address is not on the site's list.",
    "The origin is not in IM_WIDGET_ORIGINS.")
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
