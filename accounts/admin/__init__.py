"""People, apps and what lets people in, for operators. Every write calls an action."""

from accounts.admin.model_translations import translate

translate("accounts", "admin", "axes", "knox")

from accounts.admin import apps, audit_log, login_locks, services, tokens, users  # noqa: E402, F401 - each registers its models
