"""Admin actions on users: mute, ban, sign out, deactivate, and their opposites."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.actions import sign_out_everywhere, user_deactivate
from accounts.second_factor.reset import reset_second_factor
from chat.actions.moderation import user_ban, user_mute, user_reactivate, user_unban, user_unmute
from chat.admin.admin_actions import AdminAction
from chat.admin.form_fields import constant_form
from chat.admin.forms import MuteForm, SiteBanForm

RESTRICT, LIFT = "chat.add_restriction", "chat.delete_restriction"

MUTE = AdminAction(
    name="mute",
    title=_("Mute"),
    description=_("The user can read but not send, in one channel or in all. The user sees duration and reason."),
    success=_("%(count)d muted."),
    applies_to=lambda user: True,
    run=lambda operator, user, **data: user_mute(operator=operator, user_id=user.pk, **data),
    form=constant_form(MuteForm),
    permission=RESTRICT,
    icon="volume_off",
)
UNMUTE = AdminAction(
    name="unmute",
    title=_("Unmute"),
    description=_("The mute in all channels ends at once. Mutes in single channels remain."),
    success=_("%(count)d unmuted."),
    applies_to=lambda user: user.is_muted,
    run=lambda operator, user: user_unmute(operator=operator, user_id=user.pk),
    permission=LIFT,
    icon="volume_up",
)
BAN = AdminAction(
    name="ban",
    title=_("Ban from the site"),
    description=_("The user is signed out everywhere and cannot sign in until the ban ends. Their messages remain."),
    success=_("%(count)d banned."),
    applies_to=lambda user: user.is_active,
    run=lambda operator, user, **data: user_ban(operator=operator, user_id=user.pk, **data),
    form=constant_form(SiteBanForm),
    permission=RESTRICT,
    icon="block",
)
UNBAN = AdminAction(
    name="unban",
    title=_("Lift ban"),
    description=_("The user can sign in again at once."),
    success=_("%(count)d unbanned."),
    applies_to=lambda user: user.is_banned,
    run=lambda operator, user: user_unban(operator=operator, user_id=user.pk),
    permission=LIFT,
    icon="login",
)
SIGN_OUT = AdminAction(
    name="sign_out",
    title=_("Sign out everywhere"),
    description=_("All sessions, tokens and connections of the user end at once. The user can sign in again."),
    success=_("%(count)d signed out everywhere."),
    applies_to=lambda user: True,
    run=lambda operator, user: sign_out_everywhere(user_id=user.pk),
    icon="logout",
)
RESET_SECOND_FACTOR = AdminAction(
    name="reset_second_factor",
    title=_("Turn off two-factor sign-in"),
    description=_(
        "The user's authenticator app, passkeys and recovery codes are removed, so the password alone signs them in. "
        "Make sure that it is the user who asks for it."
    ),
    success=_("%(count)d changed."),
    applies_to=lambda user: user.has_second_factor,
    run=lambda operator, user: reset_second_factor(user),
    icon="lock_reset",
)
DEACTIVATE = AdminAction(
    name="deactivate",
    title=_("Deactivate"),
    description=_("The user is signed out everywhere and cannot sign in until an operator activates the account."),
    success=_("%(count)d deactivated."),
    applies_to=lambda user: user.is_active,
    run=lambda operator, user: user_deactivate(user_id=user.pk),
    icon="person_off",
)
ACTIVATE = AdminAction(
    name="activate",
    title=_("Activate"),
    description=_("The user can sign in again. Earlier sessions and tokens stay ended."),
    success=_("%(count)d activated."),
    applies_to=lambda user: not user.is_active and not user.is_banned and user.deleted_at is None,
    run=lambda operator, user: user_reactivate(user_id=user.pk),
    icon="person",
)
USER_ACTIONS = (MUTE, UNMUTE, BAN, UNBAN, SIGN_OUT, RESET_SECOND_FACTOR, DEACTIVATE, ACTIVATE)
