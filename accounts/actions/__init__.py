"""Everything that changes people, their credentials or apps. Keyword arguments only; refusals are AccountErrors."""

from accounts.actions.apps import app_create, app_update
from accounts.actions.credentials import (
    expired_forget,
    password_change,
    session_end,
    sign_in_unlock,
    sign_out_everywhere,
    token_issue,
    token_revoke,
)
from accounts.actions.friends import friend_request
from accounts.actions.persons import (
    administrator_create,
    guest_create,
    person_activate,
    person_deactivate,
    person_edit,
    person_register,
    person_roles_set,
    system_user,
)

__all__ = [
    "administrator_create",
    "app_create",
    "app_update",
    "expired_forget",
    "friend_request",
    "guest_create",
    "password_change",
    "person_activate",
    "person_deactivate",
    "person_edit",
    "person_register",
    "person_roles_set",
    "session_end",
    "sign_in_unlock",
    "sign_out_everywhere",
    "system_user",
    "token_issue",
    "token_revoke",
]
