"""Users manage a group in any order, and a model of the rules predicts each outcome.

Hypothesis searches for an order in which the site and the model differ. tests/chat/test_both_codecs.py does the same
for membership and sync over connections.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as examples
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from accounts.models import User
from chat.actions.channel import channel_create_group
from chat.actions.channel_settings import channel_transfer, channel_update_settings
from chat.actions.member import member_invite, member_join, member_leave, member_remove, member_set_role
from chat.actions.moderation import member_restrict, member_unrestrict
from chat.errors import ChatError
from chat.models import Channel, Membership, Message, Restriction
from chat.sending.drafts import StoredMessage
from chat.sending.writer import commit
from tests.support.in_process import create_users, draft

pytestmark = pytest.mark.django_db

EXAMPLES = int(os.environ.get("MACHINE_EXAMPLES", "12"))
STEPS = int(os.environ.get("MACHINE_STEPS", "30"))
RANK = {None: 0, "member": 1, "admin": 2, "owner": 3}
MANAGERS = ("admin", "owner")

numbers = itertools.count(1)
people = st.integers(0, 3)
kinds = st.sampled_from(["mute", "ban"])
roles = st.sampled_from(["member", "admin", "owner"])
policies = st.sampled_from(["open", "invite", "closed"])


class GroupMachine(RuleBasedStateMachine):
    """Four users and one group. `roles` holds its members, the longest-standing first."""

    @initialize(policy=policies)
    def begin(self, policy: str) -> None:
        number = next(numbers)
        self.users = create_users(*(f"{name}{number}" for name in ("alice", "bob", "carol", "dave")))
        alice, bob, *_ = self.users
        self.group: Channel = channel_create_group(creator=alice, name="Tea", members=[bob.username], join=policy)
        self.policy = policy
        self.roles = {0: "owner", 1: "member"}
        self.restrictions: set[tuple[int, str]] = set()
        self.said = 0

    def role(self, user: int) -> str | None:
        return self.roles.get(user)

    def try_it(self, action: Callable[[User], object], user: int, *, allowed: bool) -> None:
        """Perform the action, which must be refused unless the model allows it."""
        was_allowed = True
        try:
            action(self.users[user])
        except ChatError:
            was_allowed = False
        assert was_allowed is allowed

    def outranks(self, user: int, other: int) -> bool:
        return self.role(user) in MANAGERS and RANK[self.role(user)] > RANK[self.role(other)]

    def add(self, user: int) -> None:
        self.roles[user] = "member" if self.roles else "owner"

    def end(self, user: int) -> None:
        role = self.roles.pop(user)
        if role == "owner" and self.roles and "owner" not in self.roles.values():
            admins = [one for one, held in self.roles.items() if held == "admin"]
            self.roles[next(iter(admins or self.roles))] = "owner"

    # -- membership -----------------------------------------------------------------------------------------------

    @rule(user=people)
    def join(self, user: int) -> None:
        is_in, is_banned = user in self.roles, (user, "ban") in self.restrictions
        allowed = is_in or (self.policy == "open" and not is_banned)
        self.try_it(lambda who: member_join(user=who, channel_id=self.group.pk), user, allowed=allowed)
        if allowed and not is_in:
            self.add(user)

    @rule(user=people, other=people)
    def invite(self, user: int, other: int) -> None:
        may = user in self.roles and (self.policy != "closed" or self.role(user) in MANAGERS)
        is_new = other not in self.roles
        allowed = may and not (is_new and (other, "ban") in self.restrictions)
        names = [self.users[other].username]
        self.try_it(lambda who: member_invite(user=who, channel_id=self.group.pk, names=names), user, allowed=allowed)
        if allowed and is_new:
            self.add(other)

    @rule(user=people)
    def leave(self, user: int) -> None:
        allowed = user in self.roles
        self.try_it(lambda who: member_leave(user=who, channel_id=self.group.pk), user, allowed=allowed)
        if allowed:
            self.end(user)

    @rule(user=people, other=people)
    def remove(self, user: int, other: int) -> None:
        allowed = other in self.roles and self.outranks(user, other)
        name = self.users[other].username
        self.try_it(lambda who: member_remove(user=who, channel_id=self.group.pk, name=name), user, allowed=allowed)
        if allowed:
            self.end(other)

    # -- roles and policy -----------------------------------------------------------------------------------------

    @rule(user=people, other=people, role=roles)
    def give_role(self, user: int, other: int, role: str) -> None:
        is_last = self.role(other) == "owner" and list(self.roles.values()).count("owner") == 1
        allowed = self.role(user) == "owner" and other in self.roles and not (is_last and role != "owner")
        name = self.users[other].username
        self.try_it(
            lambda who: member_set_role(user=who, channel_id=self.group.pk, name=name, role=role), user, allowed=allowed
        )
        if allowed:
            self.roles[other] = role

    @rule(user=people, other=people)
    def transfer(self, user: int, other: int) -> None:
        allowed = self.role(user) == "owner" and other in self.roles and user != other
        name = self.users[other].username
        self.try_it(lambda who: channel_transfer(user=who, channel_id=self.group.pk, name=name), user, allowed=allowed)
        if allowed:
            self.roles |= {other: "owner", user: "admin"}

    @rule(user=people, policy=policies)
    def set_policy(self, user: int, policy: str) -> None:
        allowed = self.role(user) in MANAGERS
        self.try_it(
            lambda who: channel_update_settings(user=who, channel_id=self.group.pk, join=policy), user, allowed=allowed
        )
        if allowed:
            self.policy = policy

    # -- moderation -----------------------------------------------------------------------------------------------

    @rule(user=people, other=people, kind=kinds)
    def restrict(self, user: int, other: int, kind: str) -> None:
        allowed = user != other and self.outranks(user, other)
        name = self.users[other].username
        self.try_it(
            lambda who: member_restrict(user=who, channel_id=self.group.pk, name=name, kind=kind, until=None),
            user,
            allowed=allowed,
        )
        if allowed:
            self.restrictions.add((other, kind))
            if kind == "ban" and other in self.roles:
                self.end(other)

    @rule(user=people, other=people, kind=kinds)
    def lift(self, user: int, other: int, kind: str) -> None:
        allowed = user != other and self.outranks(user, other)
        name = self.users[other].username
        self.try_it(
            lambda who: member_unrestrict(user=who, channel_id=self.group.pk, name=name, kind=kind),
            user,
            allowed=allowed,
        )
        if allowed:
            self.restrictions.discard((other, kind))

    @rule(user=people)
    def speak(self, user: int) -> None:
        allowed = user in self.roles and (user, "mute") not in self.restrictions
        [outcome] = commit([draft(self.users[user], self.group)])
        assert isinstance(outcome, StoredMessage) is allowed, outcome
        self.said += allowed

    # -- what holds -----------------------------------------------------------------------------------------------

    @invariant()
    def the_rows_are_as_the_model_says(self) -> None:
        if not hasattr(self, "group"):
            return
        numbers = {user.pk: number for number, user in enumerate(self.users)}
        members = Membership.objects.filter(channel=self.group, until_position=None).values_list("user", "role")
        assert sorted((numbers[user], role) for user, role in members) == sorted(self.roles.items())
        kept = Restriction.objects.filter(channel=self.group).values_list("user", "kind")
        assert {(numbers[user], kind) for user, kind in kept} == self.restrictions
        assert not self.roles or "owner" in self.roles.values()
        assert not {user for user, kind in self.restrictions if kind == "ban"} & {*self.roles}
        assert Message.objects.filter(channel=self.group).count() == self.said


def test_the_site_follows_the_rules_of_the_model() -> None:
    run_state_machine_as_test(
        GroupMachine,
        settings=examples(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
