"""Base view for closing or deleting an account: re-authenticate, act, sign the browser out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from accounts.actions import user_deactivate
from accounts.errors import AccountError
from accounts.forms.profile import ReauthenticationForm
from accounts.reauthentication import is_reauthenticated
from accounts.views.reauthentication import ReauthenticatingFormView


class CloseAccountView(ReauthenticatingFormView):
    """Call `close_action(user_id=…)` after re-authentication. The form shows its AccountError, if it raises one."""

    form_class = ReauthenticationForm
    close_action: ClassVar[Callable[..., None]]
    closed_message: ClassVar[Any]
    """Message on the sign-in page after the account has been closed."""

    def form_valid(self, form: ReauthenticationForm) -> HttpResponse:
        if not is_reauthenticated(self.request, self.user, form):
            return self.form_invalid(form)
        try:
            type(self).close_action(user_id=self.user.pk)
        except AccountError as refusal:
            form.refuse(refusal)
            return self.form_invalid(form)
        logout(self.request)
        messages.success(self.request, self.closed_message)
        return redirect("accounts:login")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"tab": "account-data"}


class DeactivateAccountView(CloseAccountView):
    """Close the signed-in user's own account. An administrator can reopen it."""

    template_name = "accounts/deactivate.html"
    close_action = staticmethod(user_deactivate)
    closed_message = _("Your account is closed. An administrator can reopen it.")
