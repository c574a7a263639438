"""The signed-in user's profile pages, and the public URLs of avatars."""

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
from accounts.refusal_texts import localized
from accounts.selectors.users import user_by_id

_IMMUTABLE = "public, max-age=31536000, immutable"
_LANGUAGE_COOKIE_SECONDS = 31_536_000


@method_decorator(never_cache, name="dispatch")
class AccountPageView(LoginRequiredMixin, View):
    """Base of the pages for a signed-in user with an account. Redirects guests to registration."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if isinstance(request.user, User) and request.user.is_guest:
            return redirect("accounts:register")
        return super().dispatch(request, *args, **kwargs)

    @property
    def user(self) -> User:
        return cast(User, self.request.user)


class ProfileView(AccountPageView, FormView):  # type: ignore[type-arg]
    """Edit the profile, the language and the privacy settings."""

    form_class = ProfileForm
    template_name = "accounts/profile.html"

    def get_initial(self) -> dict[str, Any]:
        return {name: getattr(self.user, name) for name in ProfileForm.base_fields}

    def form_valid(self, form: ProfileForm) -> HttpResponse:
        try:
            profile_rate_limit.take(str(self.user.pk))
            user = profile_update(user_id=self.user.pk, **form.cleaned_data)
        except AccountError as refusal:
            form.refuse(refusal)
            return self.form_invalid(form)
        # The message appears in the language that was just chosen.
        with override(user.language or None):
            messages.success(self.request, _("Saved."))
        response = redirect("accounts:profile")
        if user.language:
            # The cookie sets the language of the pages before the next sign-in.
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME, user.language, max_age=_LANGUAGE_COOKIE_SECONDS, samesite="Lax"
            )
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"tab": "profile", "avatar_form": AvatarForm()}


class AvatarUpdateView(AccountPageView):
    """Upload a picture or remove it."""

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            profile_rate_limit.take(str(self.user.pk))
            if "remove" in request.POST:
                avatar_remove(user_id=self.user.pk)
            else:
                avatar_set(user_id=self.user.pk, picture=_uploaded_picture(request))
        except AccountError as refusal:
            messages.error(request, localized(refusal))
        else:
            messages.success(request, _("Saved."))
        return redirect("accounts:profile")


def _uploaded_picture(request: HttpRequest) -> bytes:
    upload = request.FILES.get("avatar")
    if upload is None or not upload.size:
        return b""
    # An oversized upload is refused before it is read into memory.
    if upload.size > settings.IM_AVATAR_MAX_BYTES:
        raise avatars.picture_too_large()
    return bytes(upload.read())


class AvatarImageView(View):
    """Serve an avatar. The URL of a replaced avatar redirects to the present one."""

    def get(self, request: HttpRequest, name: str) -> HttpResponseBase:
        path = avatars.path_of(name)
        if path is None:
            owner_id = avatars.verified_owner_id(name)
            user = user_by_id(owner_id) if owner_id is not None else None
            if user is None or not user.avatar or user.avatar == avatars.URL_PREFIX + name:
                raise Http404("There is no such picture.")
            return redirect(user.avatar)
        response = HttpResponse(path.read_bytes(), content_type=avatars.CONTENT_TYPE)
        response["Cache-Control"] = _IMMUTABLE
        response["X-Content-Type-Options"] = "nosniff"
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return response
