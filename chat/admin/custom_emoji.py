"""Custom emoji in the admin: add one with its picture, and remove it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextInputWidget

from accounts.models import User
from chat.actions.custom_emoji import custom_emoji_create, custom_emoji_payload, custom_emoji_remove
from chat.admin.admin_actions import AdminAction
from chat.admin.base import LargeTableAdmin
from chat.admin.display import format_time, user_link
from chat.attachments.emoji_picture import EmojiPicture, make_emoji_picture
from chat.errors import ChatError
from chat.models import CustomEmoji
from chat.models.emoji import NAME_LIMIT

REMOVE = AdminAction(
    name="remove",
    title=_("Remove emoji"),
    description=_("Messages and reactions with it show its name between colons from now on."),
    success=_("%(count)d removed."),
    applies_to=lambda row: True,
    run=lambda operator, row: custom_emoji_remove(emoji_id=row.pk),
    permission="chat.delete_customemoji",
)


class CustomEmojiForm(forms.ModelForm):  # type: ignore[type-arg]
    """Name and picture of a custom emoji."""

    name = forms.CharField(
        label=_("Name"),
        max_length=NAME_LIMIT,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Users write it between colons, such as :shipped:. It cannot be the name of a standard emoji."),
    )
    upload = forms.FileField(
        label=_("Emoji picture"),
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": "image/png,image/gif,image/webp,image/jpeg"}),
        help_text=_("PNG, GIF, WebP or JPEG. Animations stay. It is reduced to at most 128 pixels on a side."),
    )

    class Meta:
        model = CustomEmoji
        fields = ("name",)


@admin.register(CustomEmoji)
class CustomEmojiAdmin(LargeTableAdmin):
    """Lists the custom emoji of the site. One is not edited: remove it and add another."""

    form = CustomEmojiForm
    list_display = ("image", "code", "bytes", "creator", "added_at")
    list_display_links = ("image", "code")
    search_fields = ("name",)
    ordering = ("name",)
    list_actions = (REMOVE,)
    page_actions = (REMOVE,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[CustomEmoji]:
        found: QuerySet[CustomEmoji] = super().get_queryset(request)
        return found.select_related("created_by")

    def has_change_permission(self, request: HttpRequest, obj: CustomEmoji | None = None) -> bool:
        """Return false: no field can be edited."""
        return False

    def get_fields(self, request: HttpRequest, obj: CustomEmoji | None = None) -> tuple[str, ...]:
        return ("name", "upload") if obj is None else self.list_display

    def get_readonly_fields(self, request: HttpRequest, obj: CustomEmoji | None = None) -> tuple[str, ...]:
        return () if obj is None else self.list_display

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        # The picture takes up to seconds to decode, and no transaction is open yet.
        upload = request.FILES.get("upload")
        if request.method == "POST" and upload is not None and self.has_add_permission(request):
            request.emoji_picture = _decoded(upload)  # type: ignore[attr-defined]
        return super().changeform_view(request, *args, **kwargs)

    def response_after(self, request: HttpRequest, admin_action: AdminAction, row: Any) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:chat_customemoji_changelist"))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        assert isinstance(request.user, User)
        picture = request.emoji_picture  # type: ignore[attr-defined]
        if isinstance(picture, ChatError):
            raise picture
        row = custom_emoji_create(by=request.user, name=form.cleaned_data["name"], picture=picture)
        obj.pk, obj.name = row.pk, row.name

    @admin.display(description=_("emoji"))
    def image(self, row: CustomEmoji) -> str:
        return format_html('<img src="{}" alt="" width="32" height="32" style="object-fit: contain">', _url(row))

    @admin.display(description=_("name"), ordering="name")
    def code(self, row: CustomEmoji) -> str:
        return str(row)

    @admin.display(description=_("size"))
    def bytes(self, row: CustomEmoji) -> str:
        return filesizeformat(len(row.picture))

    @admin.display(description=_("created by"))
    def creator(self, row: CustomEmoji) -> str:
        return user_link(row.created_by)

    @admin.display(description=_("created at"))
    def added_at(self, row: CustomEmoji) -> str | None:
        return format_time(row.created_at)


def _url(row: CustomEmoji) -> str:
    return str(custom_emoji_payload(row)["url"])


def _decoded(upload: Any) -> EmojiPicture | ChatError:
    """Return the picture, or the refusal, which the form shows later."""
    try:
        return make_emoji_picture(upload.chunks())
    except ChatError as refusal:
        return refusal
