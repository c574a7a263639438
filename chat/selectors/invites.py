"""Invite links and requests to join, as a group's managers see them."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Count

from chat.models import Channel, InviteLink, JoinRequest
from chat.models.invites import usable_links


def invites_of(channel: Channel) -> list[InviteLink]:
    """Return the links of a group that can be used, the newest first."""
    return list(usable_links().filter(channel=channel).select_related("created_by").order_by("-pk"))


def join_requests_of(channel: Channel, *, after: int, limit: int) -> tuple[list[JoinRequest], bool]:
    """Return a page of the open requests after the request `after`, the oldest first, and whether there are more."""
    rows = JoinRequest.objects.filter(channel=channel, pk__gt=after).select_related("user").order_by("pk")
    found = list(rows[: limit + 1])
    return found[:limit], len(found) > limit


def join_request_counts(channel_ids: Collection[int]) -> dict[int, int]:
    """Return the number of open requests of those groups that have some."""
    if not channel_ids:
        return {}
    rows = JoinRequest.objects.filter(channel__in=channel_ids).values("channel").annotate(count=Count("pk"))
    return dict(rows.values_list("channel", "count"))
