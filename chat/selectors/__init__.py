"""Reads, and the one guard through which every channel and message is fetched.

What most of the code reads can be had from here; a noun's own file has the rest.
"""

from chat.selectors.access import (
    Access,
    access_channel,
    access_message,
    reading,
)
from chat.selectors.lists import (
    FOR_GOOD,
    Listed,
    channel_list,
    channel_search,
    global_channel,
    global_channels,
    listed,
    listed_all,
)
from chat.selectors.memberships import (
    MEMBERS_PAGE,
    channel_stays,
    current_members,
    groups_of,
    member_ids,
    members_page,
    peer_of,
    peers_of,
    persons,
    stays,
)
from chat.selectors.messages import (
    MESSAGE,
    MESSAGES_PAGE,
    NOTE,
    NOTES_LIMIT,
    REPLAY_PAGE,
    History,
    history,
    messages_after,
    page_size,
    sync,
)

__all__ = [
    "FOR_GOOD",
    "MEMBERS_PAGE",
    "MESSAGE",
    "MESSAGES_PAGE",
    "NOTE",
    "NOTES_LIMIT",
    "REPLAY_PAGE",
    "Access",
    "History",
    "Listed",
    "access_channel",
    "access_message",
    "channel_list",
    "channel_search",
    "channel_stays",
    "current_members",
    "global_channel",
    "global_channels",
    "groups_of",
    "history",
    "listed",
    "listed_all",
    "member_ids",
    "members_page",
    "messages_after",
    "page_size",
    "peer_of",
    "peers_of",
    "persons",
    "reading",
    "stays",
    "sync",
]
