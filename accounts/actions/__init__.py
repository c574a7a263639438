"""Everything that changes people, their credentials or apps. Keyword arguments only; refusals are AccountErrors."""

from accounts.actions.anonymization import user_anonymize, user_mark_deleted, users_awaiting_anonymization
from accounts.actions.apps import app_create, app_update
from accounts.actions.blocks import user_block, user_unblock
from accounts.actions.credentials import (
    expired_forget,
    password_change,
    session_end,
    sign_in_unlock,
    sign_out_everywhere,
)
from accounts.actions.devices import device_forget, device_made, device_seen, devices_in_use, devices_seen
from accounts.actions.external_users import (
    external_token_create,
    external_tokens_revoke,
    external_user_deactivate,
    external_user_upsert,
    external_users_import,
)
from accounts.actions.friends import friend_accept, friend_decline, friend_remove, friend_request
from accounts.actions.managed_users import managed_user_create, managed_user_prepare, require_manageable, user_rename
from accounts.actions.oauth_links import link_end, link_make, oauth_user_register
from accounts.actions.profile import avatar_remove, avatar_set, email_set, profile_change
from accounts.actions.services import service_make, service_permissions_set, service_rename
from accounts.actions.tokens import MadeToken, service_token_make, token_issue, token_make, token_revoke, tokens_revoke
from accounts.actions.users import (
    administrator_create,
    guest_create,
    system_user,
    user_activate,
    user_deactivate,
    user_register,
    user_roles_set,
    user_update,
)

__all__ = [
    "MadeToken",
    "administrator_create",
    "app_create",
    "app_update",
    "avatar_remove",
    "avatar_set",
    "device_forget",
    "device_made",
    "device_seen",
    "devices_in_use",
    "devices_seen",
    "email_set",
    "expired_forget",
    "external_token_create",
    "external_tokens_revoke",
    "external_user_deactivate",
    "external_user_upsert",
    "external_users_import",
    "friend_accept",
    "friend_decline",
    "friend_remove",
    "friend_request",
    "guest_create",
    "link_end",
    "link_make",
    "managed_user_create",
    "managed_user_prepare",
    "oauth_user_register",
    "password_change",
    "profile_change",
    "require_manageable",
    "service_make",
    "service_permissions_set",
    "service_rename",
    "service_token_make",
    "session_end",
    "sign_in_unlock",
    "sign_out_everywhere",
    "system_user",
    "token_issue",
    "token_make",
    "token_revoke",
    "tokens_revoke",
    "user_activate",
    "user_anonymize",
    "user_block",
    "user_deactivate",
    "user_mark_deleted",
    "user_register",
    "user_rename",
    "user_roles_set",
    "user_unblock",
    "user_update",
    "users_awaiting_anonymization",
]
