"""All writes to users, their credentials and apps. Actions take keyword arguments and raise AccountErrors."""

from accounts.actions.anonymization import user_anonymize, user_mark_deleted, users_awaiting_anonymization
from accounts.actions.apps import app_create, app_update
from accounts.actions.blocks import user_block, user_unblock
from accounts.actions.credentials import (
    expired_credentials_delete,
    password_change,
    session_end,
    sign_in_unlock,
    sign_out_everywhere,
    sign_out_others,
)
from accounts.actions.devices import device_create, devices_delete, devices_record_use, devices_touch
from accounts.actions.external_users import (
    external_token_create,
    external_tokens_revoke,
    external_user_deactivate,
    external_user_upsert,
    external_users_import,
)
from accounts.actions.friends import friend_accept, friend_decline, friend_remove, friend_request
from accounts.actions.guests import CreatedGuest, NewGuest, guest_create, guests_create
from accounts.actions.imported_users import imported_email, imported_user_create
from accounts.actions.managed_users import managed_user_create, managed_user_prepare, require_manageable, user_rename
from accounts.actions.oauth_links import oauth_link_create, oauth_link_delete, oauth_user_register
from accounts.actions.passkeys import (
    passkey_challenge_use,
    passkey_create,
    passkey_delete,
    passkey_record_use,
    passkey_rename,
)
from accounts.actions.profile import avatar_remove, avatar_set, email_set, profile_update
from accounts.actions.received_positions import received_positions_store
from accounts.actions.second_factor import (
    UsedCode,
    authenticator_app_create,
    authenticator_app_delete,
    recovery_codes_replace,
    second_factor_code_use,
    second_factor_reset,
)
from accounts.actions.services import service_create, service_permissions_set, service_rename
from accounts.actions.tokens import (
    CreatedToken,
    service_token_create,
    token_create,
    token_issue,
    token_revoke,
    tokens_revoke,
)
from accounts.actions.users import (
    administrator_create,
    system_user,
    user_activate,
    user_deactivate,
    user_register,
    user_roles_set,
    user_update,
)

__all__ = [
    "CreatedGuest",
    "CreatedToken",
    "NewGuest",
    "UsedCode",
    "administrator_create",
    "app_create",
    "app_update",
    "authenticator_app_create",
    "authenticator_app_delete",
    "avatar_remove",
    "avatar_set",
    "device_create",
    "devices_delete",
    "devices_record_use",
    "devices_touch",
    "email_set",
    "expired_credentials_delete",
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
    "guests_create",
    "imported_email",
    "imported_user_create",
    "managed_user_create",
    "managed_user_prepare",
    "oauth_link_create",
    "oauth_link_delete",
    "oauth_user_register",
    "passkey_challenge_use",
    "passkey_create",
    "passkey_delete",
    "passkey_record_use",
    "passkey_rename",
    "password_change",
    "profile_update",
    "received_positions_store",
    "recovery_codes_replace",
    "require_manageable",
    "second_factor_code_use",
    "second_factor_reset",
    "service_create",
    "service_permissions_set",
    "service_rename",
    "service_token_create",
    "session_end",
    "sign_in_unlock",
    "sign_out_everywhere",
    "sign_out_others",
    "system_user",
    "token_create",
    "token_issue",
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
