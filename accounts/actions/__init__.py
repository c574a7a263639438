"""Everything that changes people, their credentials or apps. Keyword arguments only; refusals are AccountErrors."""

from accounts.actions.anonymization import departing, person_depart, person_forget
from accounts.actions.apps import app_create, app_update
from accounts.actions.blocks import person_block, person_unblock
from accounts.actions.credentials import (
    expired_forget,
    password_change,
    session_end,
    sign_in_unlock,
    sign_out_everywhere,
)
from accounts.actions.devices import device_forget, device_made, device_seen, devices_in_use, devices_seen
from accounts.actions.external_users import (
    external_people_import,
    external_person_deactivate,
    external_person_set,
    external_token_make,
    external_tokens_revoke,
)
from accounts.actions.friends import friend_accept, friend_decline, friend_remove, friend_request
from accounts.actions.managed_users import person_add, person_draft, person_rename, require_manageable
from accounts.actions.oauth_links import link_end, link_make, person_register_linked
from accounts.actions.profile import avatar_remove, avatar_set, email_set, profile_change
from accounts.actions.services import service_make, service_permissions_set, service_rename
from accounts.actions.tokens import MadeToken, service_token_make, token_issue, token_make, token_revoke, tokens_revoke
from accounts.actions.users import (
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
    "MadeToken",
    "administrator_create",
    "app_create",
    "app_update",
    "avatar_remove",
    "avatar_set",
    "departing",
    "device_forget",
    "device_made",
    "device_seen",
    "devices_in_use",
    "devices_seen",
    "email_set",
    "expired_forget",
    "external_people_import",
    "external_person_deactivate",
    "external_person_set",
    "external_token_make",
    "external_tokens_revoke",
    "friend_accept",
    "friend_decline",
    "friend_remove",
    "friend_request",
    "guest_create",
    "link_end",
    "link_make",
    "password_change",
    "person_activate",
    "person_add",
    "person_block",
    "person_deactivate",
    "person_depart",
    "person_draft",
    "person_edit",
    "person_forget",
    "person_register",
    "person_register_linked",
    "person_rename",
    "person_roles_set",
    "person_unblock",
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
]
