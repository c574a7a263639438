"""What of the pushes is new, and what to hand on when. Pure: no socket, no clock.

A connection is told positions ("all up to here has been passed to you"). After a cut one asks from the last one told,
and gets some of what one has a second time: pushes that had come before the next position was told. And while the
missed ones are fetched page by page, new ones arrive live, which belong behind them.
"""

from __future__ import annotations

from collections.abc import Iterable

from imsite.client.types import Push


class Progress:
    """Hands each push on once; a channel's in order."""

    def __init__(self, after: int | None = None) -> None:
        self.told = after
        """The position told last: where the next connection begins. None: nowhere yet, begin with what comes."""
        self._had = 0
        """What lies at or below it had come before this connection; a node that is behind may push it again."""
        self._seen: set[int] = set()
        """Positions beyond `told` that have been handed on; while fetching, those below it as well."""
        self._held: list[Push] | None = None
        """What came live while the missed is still being fetched."""

    def entering(self) -> None:
        """A connection is about to log in. What the one before held back is fetched again."""
        self._had = self.told or 0
        self._held = None if self.told is None else []

    def entered(self, position: int) -> bool:
        """It has, and was told a position. Whether there is something to fetch: from `told` until there is no more."""
        if self._held is None:
            self.tell(position)
        return self._held is not None

    def pushed(self, push: Push) -> list[Push]:
        """A live push; what of it to hand on now."""
        position = push.position
        if position is not None and position <= self._had:
            return []
        if self._held is None or position is None:
            return self._new([push])
        self._held.append(push)
        return []

    def fetched(self, pushes: Iterable[Push], position: int, *, more: bool) -> list[Push]:
        """A page of what was missed, up to `position`; what to hand on now."""
        ready = self._new(pushes)
        if not more:
            held, self._held = self._held or [], None
            # Those of an app's room are in no page, so what is held may lie below the page's position.
            ready += self._new(sorted(held, key=lambda push: push.position or 0))
        self.tell(position)
        return ready

    def tell(self, position: int) -> None:
        """All up to there has come."""
        self.told = max(position, self.told or 0)
        if self._held is None:
            self._seen = {seen for seen in self._seen if seen > position}

    def reset(self, position: int) -> list[Push]:
        """Too much lies between to be fetched: go on from there, which may be before where one was."""
        self.told, self._had, self._seen = position, 0, set()
        return self.fetched((), position, more=False)

    def know(self, position: int) -> None:
        """One's own message, known from its acknowledgement: it is not pushed here, but may be fetched later."""
        if position > (self.told or 0):
            self._seen.add(position)

    def _new(self, pushes: Iterable[Push]) -> list[Push]:
        new = []
        for push in pushes:
            if push.position is not None:
                if push.position in self._seen:
                    continue
                self._seen.add(push.position)
            new.append(push)
        return new
