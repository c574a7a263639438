"""Admin pages of apps, service accounts, API tokens, groups, sign-in locks and the audit log.

Every write calls a domain action.
"""

from accounts.admin.model_translations import translate_models

translate_models("accounts", "admin", "axes", "knox")

from accounts.admin import apps, audit_log, groups, login_locks, services, tokens  # noqa: E402, F401 - each registers its models
