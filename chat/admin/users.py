"""People in the admin, with what chat knows of them: where they are, what they may not; mute, ban, let in again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display
from unfold.forms import PaginationInlineFormSet
from unfold.views import ChangeList

from accounts.actions import sign_out_everywhere, user_deactivate
from accounts.admin.base import ReadOnly
from accounts.admin.users import PersonAdmin
from accounts.models import Device, User
from accounts.selectors.sign_in_methods import oauth_links
from chat.actions.moderation import user_ban, user_mute, user_reactivate, user_unban, user_unmute
from chat.admin.admin_actions import AdminAction
from chat.admin.base import LargeTableAdmin, State, UncountedPages
from chat.admin.forms import SiteBanForm, WhereForm, with_form
from chat.admin.queries import channel_link, channel_titles, moment, people_found
from chat.models import Membership, Restriction

RESTRICT, LIFT = "chat.add_restriction", "chat.delete_restriction"

MUTE = AdminAction(
    name="mute",
    title=_("Mute"),
    meaning=_("They still read, and write nothing: everywhere, or in one channel. They are told until when and why."),
    done=_("%(count)d muted."),
    applies=lambda person: True,
    act=lambda operator, person, **given: user_mute(operator=operator, person_id=person.pk, **given),
    form=with_form(WhereForm),
    permission=RESTRICT,
    icon="volume_off",
)
UNMUTE = AdminAction(
    name="unmute",
    title=_("Unmute"),
    meaning=_("They can write again at once, where they were muted everywhere. Mutes of single channels stay."),
    done=_("%(count)d unmuted."),
    applies=lambda person: person.is_muted,
    act=lambda operator, person: user_unmute(operator=operator, person_id=person.pk),
    permission=LIFT,
    icon="volume_up",
)
BAN = AdminAction(
    name="ban",
    title=_("Ban from the site"),
    meaning=_("They are signed out everywhere at once and cannot sign in until the ban ends. What they said stays."),
    done=_("%(count)d banned."),
    applies=lambda person: person.is_active,
    act=lambda operator, person, **given: user_ban(operator=operator, person_id=person.pk, **given),
    form=with_form(SiteBanForm),
    permission=RESTRICT,
    icon="block",
)
UNBAN = AdminAction(
    name="unban",
    title=_("Lift the ban"),
    meaning=_("They can sign in again at once."),
    done=_("%(count)d let in again."),
    applies=lambda person: person.is_banned,
    act=lambda operator, person: user_unban(operator=operator, person_id=person.pk),
    permission=LIFT,
    icon="login",
)
SIGN_OUT = AdminAction(
    name="sign_out",
    title=_("Sign out everywhere"),
    meaning=_("Their sessions, tokens and connections end at once. They can sign in again."),
    done=_("%(count)d signed out everywhere."),
    applies=lambda person: True,
    act=lambda operator, person: sign_out_everywhere(user_id=person.pk),
    icon="logout",
)
DEACTIVATE = AdminAction(
    name="deactivate",
    title=_("Deactivate"),
    meaning=_("They are signed out everywhere at once and cannot sign in until somebody activates them."),
    done=_("%(count)d deactivated."),
    applies=lambda person: person.is_active,
    act=lambda operator, person: user_deactivate(user_id=person.pk),
    icon="person_off",
)
ACTIVATE = AdminAction(
    name="activate",
    title=_("Activate"),
    meaning=_("They can sign in again. What they had open before stays ended."),
    done=_("%(count)d activated."),
    applies=lambda person: not person.is_active and not person.is_banned and person.deleted_at is None,
    act=lambda operator, person: user_reactivate(person_id=person.pk),
    icon="person",
)


class _Looked(ReadOnly, TabularInline):  # type: ignore[misc]
    tab = True
    hide_title = True
    per_page = 20
    extra = 0

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Part of the person's page: for who sees that."""
        return bool(request.user.has_perm("accounts.view_user"))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class DeviceInline(_Looked):
    """Browsers and tokens that let the person in."""

    model = Device
    fk_name = "user"
    verbose_name_plural = _("devices")
    fields = readonly_fields = ("kind", "name", "app", "address", "created_at", "last_seen_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Device]:
        found: QuerySet[Device] = super().get_queryset(request)
        return found.select_related("app").order_by("-last_seen_at")


class _TitledMemberships(PaginationInlineFormSet):  # type: ignore[misc]
    """A page of memberships whose channels are given their names in two queries for all."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = list(self.get_queryset())
        titles = channel_titles([row.channel for row in rows])
        for row in rows:
            row.title = titles[row.channel_id]


class MembershipInline(_Looked):
    """Where the person is now."""

    model = Membership
    formset = _TitledMemberships
    verbose_name_plural = _("memberships")
    fields = readonly_fields = ("where", "role", "since")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        found: QuerySet[Membership] = super().get_queryset(request)
        return found.filter(until_position=None).select_related("channel").order_by("-channel__active_at")

    @admin.display(description=_("channel"))
    def where(self, row: Any) -> str:
        return channel_link(row.channel, row.title)

    @admin.display(description=_("last activity"))
    def since(self, row: Membership) -> str | None:
        return moment(row.channel.active_at)


class RestrictionInline(_Looked):
    """What the person may not."""

    model = Restriction
    fk_name = "user"
    verbose_name_plural = _("mutes and bans")
    fields = readonly_fields = ("kind", "where", "until", "reason", "created_by", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Restriction]:
        found: QuerySet[Restriction] = super().get_queryset(request)
        return found.select_related("channel", "created_by").order_by("-created_at")

    @admin.display(description=_("where"))
    def where(self, row: Restriction) -> str:
        return str(row.channel) if row.channel is not None else gettext("everywhere")


admin.site.unregister(User)


@admin.register(User)
class ModeratedPersonAdmin(LargeTableAdmin, PersonAdmin):
    """Search finds any part of names, phone numbers and addresses, the sound of Chinese names, and the number."""

    list_display = ("username", "nickname", "kind", "standing", "is_staff", "date_joined", "last_login")
    list_filter: ClassVar[tuple[str, ...]] = ("kind", "is_active", "is_restricted", "is_staff", "is_superuser")
    search_help_text = _("User name, nickname (pinyin too), phone number, email address or number")
    # Others would sort the whole table.
    sortable_by = ("username", "date_joined")
    paginator = UncountedPages  # type: ignore[misc]
    actions = ()
    deeds = (MUTE, UNMUTE, BAN, UNBAN, SIGN_OUT, DEACTIVATE, ACTIVATE)
    page_deeds = deeds
    untouchable = _("Staff are managed by superusers only.")
    inlines = (MembershipInline, DeviceInline, RestrictionInline)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        everywhere = Restriction.objects.filter(user=OuterRef("pk"), channel=None)
        found: QuerySet[User] = super().get_queryset(request)
        return found.annotate(
            is_muted=Exists(everywhere.filter(kind=Restriction.Kind.MUTE)),
            is_banned=Exists(everywhere.filter(kind=Restriction.Kind.BAN)),
        )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return LargeTableAdmin.get_changelist(self, request, **kwargs)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[User], search_term: str
    ) -> tuple[QuerySet[User], bool]:
        term = search_term.strip()
        return (queryset.filter(people_found(term)) if term else queryset), False

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None:
            return fieldsets
        first, *others = fieldsets
        return (first, (_("Signs in by"), {"fields": ("ways_in",)}), *others)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        fields = super().get_readonly_fields(request, obj)
        return (*fields, "ways_in") if obj is not None else fields

    def get_inlines(self, request: HttpRequest, obj: User | None) -> tuple[type[Any], ...]:
        """Nothing in them can be changed, so a form that is sent needs none."""
        return self.inlines if obj is not None and request.method == "GET" else ()

    def can_modify(self, request: HttpRequest, row: User) -> bool:
        """Staff are managed by superusers only."""
        return bool(request.user.is_superuser) or not (row.is_staff or row.is_superuser)

    def describe(self, row: User) -> str:
        return f"{row.nickname} ({row.public_name}, {row.get_kind_display()})"

    def complete(self, rows: Sequence[Any]) -> None:
        """They have all that is shown of them."""

    @display(
        description=_("standing"),
        label={"active": "success", "muted": "warning", "banned": "danger", "deactivated": "danger", "deleted": "info"},
    )  # type: ignore[untyped-decorator]
    def standing(self, row: Any) -> State:
        if row.deleted_at is not None:
            return State("deleted", gettext("deleted"))
        if not row.is_active:
            return State("banned", gettext("banned")) if row.is_banned else State("deactivated", gettext("deactivated"))
        return State("muted", gettext("muted")) if row.is_muted else State("active", gettext("active"))

    @admin.display(description=_("ways in"))
    def ways_in(self, row: User) -> str:
        ways = [gettext("a password")] if row.has_usable_password() else []
        ways += [link.provider for link in oauth_links(row)]
        return ", ".join(ways) or gettext("none but tokens")
