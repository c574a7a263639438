"""What the site keeps of a person: take it along, and delete the account."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.generic.edit import FormView

from accounts.certain import is_certain
from accounts.errors import AccountError
from accounts.profile_forms import CertainForm
from accounts.throttle import exporting
from accounts.views.profile import OwnPage
from chat.actions.departure import person_delete
from chat.export import export
from delivery.threads import run


class OwnData(OwnPage):
    """What can be done with it."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "accounts/own_data.html", {"here": "own-data"})


class Export(OwnPage):
    """Everything, as a ZIP, sent while it is made. By POST, so that no page elsewhere can make somebody download it."""

    def post(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        try:
            exporting.take(str(self.person.pk))
        except AccountError as refusal:
            messages.error(request, _(refusal.text) % refusal.params)
            return redirect("own-data")
        answer = StreamingHttpResponse(_sent(export(self.person)), content_type="application/zip")
        answer["Content-Disposition"] = 'attachment; filename="imsite-data.zip"'
        answer["X-Content-Type-Options"] = "nosniff"
        return answer


async def _sent(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    while (piece := await run(next, pieces, None)) is not None:
        if piece:
            yield piece


class Delete(OwnPage, FormView):  # type: ignore[type-arg]
    """Delete one's account, for good."""

    form_class = CertainForm
    template_name = "accounts/delete.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"user": self.person}

    def form_valid(self, form: CertainForm) -> HttpResponse:
        if not is_certain(self.request, self.person, form):
            return self.form_invalid(form)
        try:
            person_delete(user_id=self.person.pk)
        except AccountError as refusal:
            form.refuse(refusal)
            return self.form_invalid(form)
        logout(self.request)
        messages.success(self.request, _("Your account is deleted."))
        return redirect("accounts:login")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"here": "own-data"}
