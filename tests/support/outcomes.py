"""Outcomes of a batch of drafts, in a form that tests compare."""

from __future__ import annotations

from collections.abc import Sequence

from chat.errors import ChatError, Code
from chat.models import Channel, Message
from chat.sending.drafts import Outcome, StoredMessage


def seqs(channel: Channel) -> list[int]:
    return list(Message.objects.filter(channel=channel).order_by("seq").values_list("seq", flat=True))


def results(outcomes: Sequence[Outcome]) -> list[int | Code | type]:
    """Return the number of each stored message, the code of each refusal, or the type of another exception."""
    return [
        outcome.seq
        if isinstance(outcome, StoredMessage)
        else outcome.code
        if isinstance(outcome, ChatError)
        else type(outcome)
        for outcome in outcomes
    ]
