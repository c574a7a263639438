"""People, apps and what lets people in, for operators. Every write calls an action."""

from accounts.admin import apps, persons, record, services, tokens, ways_in  # noqa: F401 - each registers its models
