"""Somebody's own pages: what they say of themselves, and their picture."""

from __future__ import annotations

from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.cache import never_cache
from django.views.generic import View
from django.views.generic.edit import FormView

from accounts import avatars
from accounts.actions import avatar_remove, avatar_set, profile_update
from accounts.errors import AccountError
from accounts.forms.profile import AvatarForm, ProfileForm
from accounts.models import User
from accounts.rate_limits import profile_rate_limit
from accounts.selectors.users import user_by_id

_FOR_GOOD = "public, max-age=31536000, immutable"


@method_decorator(never_cache, name="dispatch")
class OwnPage(LoginRequiredMixin, View):
    """A page of a person's own; guests have none, they are offered an account instead."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if isinstance(request.user, User) and request.user.is_guest:
            return redirect("accounts:register")
        return super().dispatch(request, *args, **kwargs)

    @property
    def person(self) -> User:
        return cast(User, self.request.user)


class Profile(OwnPage, FormView):  # type: ignore[type-arg]
    """What others see, and how one wants the site."""

    form_class = ProfileForm
    template_name = "accounts/profile.html"

    def get_initial(self) -> dict[str, Any]:
        return {name: getattr(self.person, name) for name in ProfileForm.base_fields}

    def form_valid(self, form: ProfileForm) -> HttpResponse:
        try:
            profile_rate_limit.take(str(self.person.pk))
            user = profile_update(user_id=self.person.pk, **form.cleaned_data)
        except AccountError as refusal:
            form.refuse(refusal)
            return self.form_invalid(form)
        # In the language that was chosen just now.
        with override(user.language or None):
            messages.success(self.request, _("Saved."))
        answer = redirect("accounts:profile")
        if user.language:
            # For pages that are shown before anybody is known here.
            answer.set_cookie(settings.LANGUAGE_COOKIE_NAME, user.language, max_age=31_536_000, samesite="Lax")
        return answer

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"here": "profile", "avatar_form": AvatarForm()}


class Avatar(OwnPage):
    """Upload a picture, or remove it."""

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            profile_rate_limit.take(str(self.person.pk))
            if "remove" in request.POST:
                avatar_remove(user_id=self.person.pk)
            else:
                avatar_set(user_id=self.person.pk, picture=_upload(request))
        except AccountError as refusal:
            messages.error(request, _(refusal.text) % refusal.params)
        else:
            messages.success(request, _("Saved."))
        return redirect("accounts:profile")


def _upload(request: HttpRequest) -> bytes:
    file = request.FILES.get("avatar")
    if file is None or not file.size:
        return b""
    # Not even read, let alone decoded.
    if file.size > settings.IM_AVATAR_MAX_BYTES:
        raise avatars.too_large()
    return bytes(file.read())


class Picture(View):
    """Somebody's picture. The address changes with it; an earlier one leads to the present."""

    def get(self, request: HttpRequest, name: str) -> HttpResponseBase:
        path = avatars.file(name)
        if path is None:
            owner = avatars.owner_once(name)
            user = user_by_id(owner) if owner is not None else None
            if user is None or not user.avatar or user.avatar == avatars.PREFIX + name:
                raise Http404("There is no such picture.")
            return redirect(user.avatar)
        answer = HttpResponse(path.read_bytes(), content_type=avatars.CONTENT_TYPE)
        answer["Cache-Control"] = _FOR_GOOD
        answer["X-Content-Type-Options"] = "nosniff"
        answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return answer
