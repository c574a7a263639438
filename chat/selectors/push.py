"""The browsers of a user that get notifications while no page is open."""

from __future__ import annotations

from collections.abc import Sequence

from accounts.models import User
from chat.models import PushSubscription


def push_subscriptions_of(user: User) -> Sequence[PushSubscription]:
    """Return the user's subscriptions with their devices, the oldest first."""
    return list(PushSubscription.objects.filter(user=user).select_related("device").order_by("pk"))
