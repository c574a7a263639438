"""The page of the second step of a sign-in: a code of the authenticator app, a recovery code, or a passkey."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic.edit import FormView

from accounts.actions import UsedCode, second_factor_code_use
from accounts.errors import AccountError, RateLimited
from accounts.forms.second_factor import AppCodeForm, RecoveryCodeForm
from accounts.forms.sign_in import ActionForm
from accounts.rate_limits import sign_in_rate_limit
from accounts.second_factor import notices
from accounts.second_factor.attempts import count_code
from accounts.second_step import PendingStep, complete_sign_in, pending_step
from accounts.selectors.second_factor import has_authenticator_app, has_passkey

_RECOVERY = "recovery"
"""Query parameter of the page that asks for a recovery code."""


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class SecondStepView(FormView):  # type: ignore[type-arg]
    """Ask for the second step, sign in, and redirect to the page that the sign-in leads to."""

    template_name = "accounts/second_step.html"
    pending: PendingStep

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        pending = pending_step(request)
        if pending is None:
            if request.method == "POST":
                messages.error(request, _("This took too long. Sign in again."))
            return redirect("accounts:login")
        self.pending = pending
        self.has_app = has_authenticator_app(pending.user)
        return super().dispatch(request, *args, **kwargs)

    def get_form_class(self) -> type[ActionForm]:
        return AppCodeForm if self._asks_for_app_code() else RecoveryCodeForm

    def form_valid(self, form: ActionForm) -> HttpResponse:
        user = self.pending.user
        try:
            sign_in_rate_limit.take(self.request.META["REMOTE_ADDR"])
            count_code(user)
            used = second_factor_code_use(user_id=user.pk, code=form.cleaned_data["code"])
        except AccountError as refusal:
            form.refuse(refusal)
            response = self.form_invalid(form)
            if isinstance(refusal, RateLimited):
                response.status_code, response["Retry-After"] = 429, str(refusal.seconds)
            return response
        complete_sign_in(self.request, self.pending)
        if used is UsedCode.RECOVERY:
            notices.notify(user, notices.RECOVERY_CODE_USED)
        return HttpResponseRedirect(self.pending.next_page)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {
            "pending_user": self.pending.user,
            "asks_for_app_code": self._asks_for_app_code(),
            "has_app": self.has_app,
            "has_passkey": has_passkey(self.pending.user),
        }

    def _asks_for_app_code(self) -> bool:
        return self.has_app and _RECOVERY not in self.request.GET
