"""Permissions of many users at once."""

from __future__ import annotations

from collections.abc import Collection

from accounts.models import User


def permissions_of(user_ids: Collection[int]) -> dict[int, frozenset[str]]:
    """Return the permissions of each user, own and through groups, as `app.codename`. Takes two queries.

    They are those of `User.get_all_permissions` for active users who are not superusers.
    """
    own = User.user_permissions.through.objects.filter(user_id__in=user_ids).values_list(
        "user_id", "permission__content_type__app_label", "permission__codename"
    )
    in_groups = User.groups.through.objects.filter(user_id__in=user_ids, group__permissions__isnull=False).values_list(
        "user_id", "group__permissions__content_type__app_label", "group__permissions__codename"
    )
    found: dict[int, set[str]] = {user_id: set() for user_id in user_ids}
    for user_id, app_label, codename in (*own, *in_groups):
        found[user_id].add(f"{app_label}.{codename}")
    return {user_id: frozenset(names) for user_id, names in found.items()}
