"""People, apps and what lets people in, for operators. Every write calls an action."""

from accounts.admin.words import translate

translate("accounts", "admin", "axes", "knox")

from accounts.admin import apps, persons, record, services, tokens, ways_in  # noqa: E402, F401 - each registers its models
