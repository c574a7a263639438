"""The reasons for which requests of any kind and log-ins are refused. Pure."""

from __future__ import annotations

from chat.errors import (
    ILLEGAL_PARAMETER,
    ILLEGAL_USER_ID,
    NO_SUCH_COMMAND,
    NOT_AUTHORISED,
    NOT_LOGGED_IN,
    OPERATION_FAILED,
    SERVER_ERROR,
    TOO_MUCH,
    Reason,
)

# fmt: off

BAD_FRAME = Reason("bad_frame", ILLEGAL_PARAMETER, "This frame is not a valid request.",
    "The frame is not JSON, not an object, or has no usable `seq` or `cmd`. `error` says which.")
UNKNOWN_COMMAND = Reason("unknown_command", NO_SUCH_COMMAND, "This command does not exist.",
    "The site has no command of this name.")
INVALID_DATA = Reason("invalid_data", ILLEGAL_PARAMETER, "The data of this request is not valid.",
    "A field is missing, or has the wrong type or size. `error` names the field.")
INTERNAL_ERROR = Reason("internal_error", SERVER_ERROR, "Something went wrong on our side. Try again.",
    "The site failed. Commands that store something answer 1006, 1007 or 1008 instead of 1004.", retry=True)
RATE_LIMITED = Reason("rate_limited", TOO_MUCH, "You are doing this too fast. Wait a moment and try again.",
    "The client exceeded a rate limit. `retryAfter` says when to try again, in seconds; `scope` what is limited: the "
    "`user`, `connection`, `channel`, `address` or `token`.", retry=True)
SITE_BUSY = Reason("site_busy", TOO_MUCH, "The site is busy. Try again in a moment.",
    "Too many messages wait to be stored. `retryAfter` says when to try again, in seconds.", retry=True)
PERMISSION_REQUIRED = Reason("permission_required", NOT_AUTHORISED, "This needs the permission %(permission)s.",
    "The token's user lacks the permission that `permission` names.")
FORBIDDEN = Reason("forbidden", NOT_AUTHORISED, "You are not allowed to do this.", "The caller lacks a right.")

# -- logging in --------------------------------------------------------------------------------------------------
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
WIDGETS_OFF = Reason("widgets_off", NOT_AUTHORISED, "This site does not allow embedded chats.",
    "The operator has turned IM_WIDGETS off.")
WIDGET_TOKEN_INVALID = Reason("widget_token_invalid", NOT_AUTHORISED,
    "This page has no valid access to the chat. Reload the page.",
    "The token of a widget is malformed, or its user or issuer has lost the right.")
WIDGET_TOKEN_EXPIRED = Reason("widget_token_expired", NOT_AUTHORISED,
    "This page's access to the chat has expired. Reload the page.",
    "The token of a widget has expired. Get a new one.")
WIDGET_TOKEN_ORIGIN = Reason("widget_token_origin", NOT_AUTHORISED,
    "This page's access to the chat was made for another website.",
    "The token of a widget names another origin than that of the page.")
WIDGET_COMMAND = Reason("widget_command", NOT_AUTHORISED, "This is not possible in an embedded chat.",
    "The connection of a widget sent a command, or a field, that widgets may not use.")
EMAIL_REQUIRED = Reason("email_required", OPERATION_FAILED, "Add an email address to your account first.",
    "Mails of missed messages go to the confirmed address of an account, and it has none.")
ACCOUNT_REQUIRED = Reason("account_required", NOT_AUTHORISED, "Guests cannot do this. Create an account first.",
    "A guest did something that needs an account.")
ACCOUNT_INACTIVE = Reason("account_inactive", NOT_AUTHORISED, "This account is deactivated.",
    "The caller's account was deactivated.")
REGISTRATION_CLOSED = Reason("registration_closed", NOT_AUTHORISED, "Registration is closed.",
    "The site takes no new accounts.")
WRONG_CREDENTIALS = Reason("wrong_credentials", NOT_AUTHORISED, "Wrong phone number or password.",
    "No account has this phone number and password.")
