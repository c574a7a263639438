"""Admin actions on webhooks: test, enable, retry, replay, rotate the secret, delete."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from accounts.admin.request_checks import WholeNumberField
from accounts.models import User
from chat import reasons
from chat.admin.admin_actions import AdminAction
from chat.errors import ChatError
from chat.models import Webhook
from chat.webhooks.outgoing import actions
from chat.webhooks.outgoing.dead_letters import dead_letters_delete_all
from chat.webhooks.outgoing.ping import webhook_ping
from chat.webhooks.outgoing.selectors import dead_letter_counts


def _send_test(operator: User, hook: Webhook) -> None:
    result = webhook_ping(user=operator, webhook_id=hook.pk)
    if not result.ok:
        raise ChatError(reasons.WEBHOOK_TEST_FAILED, sentence=result.error)


def _rotate_secret(operator: User, hook: Any) -> None:
    hook.new_secret = actions.webhook_rotate_secret(user=operator, webhook_id=hook.pk)


class ReplayForm(forms.Form):
    """A position in the event log."""

    position = WholeNumberField(
        label=_("Position"),
        min_value=0,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("All later events are delivered, again if necessary. Earlier events are skipped."),
    )


TEST = AdminAction(
    name="test",
    title=_("Send test event"),
    description=_("A “ping” event is sent now. The result appears under delivery attempts."),
    success=_("%(count)d test events accepted."),
    applies_to=lambda hook: True,
    run=_send_test,
    icon="send",
)
ENABLE = AdminAction(
    name="enable",
    title=_("Enable and retry"),
    description=_(
        "Delivery continues at once, from the webhook's position. From now on the webhook receives what you can read."
    ),
    success=_("%(count)d enabled."),
    applies_to=lambda hook: not hook.enabled or hook.failures > 0,
    run=lambda operator, hook: actions.webhook_enable(user=operator, webhook_id=hook.pk),
)
RETRY = AdminAction(
    name="retry",
    title=_("Retry dead letters"),
    description=_("All dead letters are sent again now. From now on the webhook receives what you can read."),
    success=_("%(count)d retried."),
    applies_to=lambda hook: hook.enabled and bool(dead_letter_counts([hook])),
    run=lambda operator, hook: actions.webhook_enable(user=operator, webhook_id=hook.pk),
)
DELETE_DEAD_LETTERS = AdminAction(
    name="delete_dead_letters",
    title=_("Delete dead letters"),
    description=_("The refused events are not sent again."),
    success=_("Dead letters of %(count)d webhooks deleted."),
    applies_to=lambda hook: bool(dead_letter_counts([hook])),
    run=lambda operator, hook: dead_letters_delete_all(user=operator, webhook_id=hook.pk),
)
DISABLE = AdminAction(
    name="disable",
    title=_("Disable"),
    description=_("Nothing is sent until the webhook is enabled. Delivery then continues from its position."),
    success=_("%(count)d disabled."),
    applies_to=lambda hook: hook.enabled,
    run=lambda operator, hook: actions.webhook_disable(user=operator, webhook_id=hook.pk),
)
REPLAY = AdminAction(
    name="replay",
    title=_("Replay from position"),
    description=_("Delivery continues from another position in the event log."),
    success=_("%(count)d moved."),
    applies_to=lambda hook: True,
    run=lambda operator, hook, position: actions.webhook_replay(user=operator, webhook_id=hook.pk, position=position),
    form=lambda hook, data: ReplayForm(data, initial={"position": hook.position if hook is not None else None}),
)
ROTATE_SECRET = AdminAction(
    name="rotate_secret",
    title=_("Rotate secret"),
    description=_("Requests are signed with a new secret from now on. Update the receiver."),
    success=_("Secret rotated for %(count)d webhooks."),
    applies_to=lambda hook: True,
    run=_rotate_secret,
)
DELETE = AdminAction(
    name="remove",
    title=_("Delete webhook"),
    description=_("The webhook and its delivery attempts are deleted permanently."),
    success=_("%(count)d deleted."),
    applies_to=lambda hook: True,
    run=lambda operator, hook: actions.webhook_delete(user=operator, webhook_id=hook.pk),
    permission="chat.delete_webhook",
)
