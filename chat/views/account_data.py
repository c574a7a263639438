"""What the site keeps of a person: take it along, and delete the account."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.errors import AccountError
from accounts.rate_limits import export_rate_limit
from accounts.views.close_account import CloseAccountView
from accounts.views.profile import OwnPage
from chat.actions.account_deletion import account_delete
from chat.export import export
from delivery.db.executors import run


class OwnData(OwnPage):
    """What can be done with it."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "accounts/own_data.html", {"here": "own-data"})


class Export(OwnPage):
    """Everything, as a ZIP, sent while it is made. By POST, so that no page elsewhere can make somebody download it."""

    def post(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        try:
            export_rate_limit.take(str(self.person.pk))
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


class Delete(CloseAccountView):
    """Delete one's account, for good."""

    template_name = "accounts/delete.html"
    end = staticmethod(account_delete)
    ended = gettext_lazy("Your account is deleted.")
