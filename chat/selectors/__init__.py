"""Queries, and the guard through which every channel and message is fetched.

The most used selectors are exported here; the module of each noun has the rest.
"""

from chat.selectors.access import (
    Access,
    access_channel,
    access_message,
    readable_ranges,
)
from chat.selectors.history import (
    MAX_NOTES_PER_PAGE,
    History,
    history,
)
from chat.selectors.lists import (
    NEVER_ENDS,
    ChannelSummary,
    channel_list,
    channel_search,
    channel_summaries,
    channel_summary,
    global_channel,
    global_channels,
)
from chat.selectors.memberships import (
    MEMBERS_PAGE_SIZE,
    channel_intervals,
    current_members,
    group_ids_of,
    member_ids,
    members_page,
    membership_intervals,
    peer_id_of,
    peer_ids_of,
    users_by_ids,
)
from chat.selectors.messages import (
    REPLAY_PAGE_SIZE,
    SYNC_PAGE_SIZE,
    messages_after,
    messages_together,
    page_bytes,
    sync,
    sync_together,
)

__all__ = [
    "MAX_NOTES_PER_PAGE",
    "MEMBERS_PAGE_SIZE",
    "NEVER_ENDS",
    "REPLAY_PAGE_SIZE",
    "SYNC_PAGE_SIZE",
    "Access",
    "ChannelSummary",
    "History",
    "access_channel",
    "access_message",
    "channel_intervals",
    "channel_list",
    "channel_search",
    "channel_summaries",
    "channel_summary",
    "current_members",
    "global_channel",
    "global_channels",
    "group_ids_of",
    "history",
    "member_ids",
    "members_page",
    "membership_intervals",
    "messages_after",
    "messages_together",
    "page_bytes",
    "peer_id_of",
    "peer_ids_of",
    "readable_ranges",
    "sync",
    "sync_together",
    "users_by_ids",
]
