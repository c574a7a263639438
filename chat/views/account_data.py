"""Pages to export one's own data and to delete one's own account."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy

from accounts.errors import AccountError
from accounts.rate_limits import export_rate_limit
from accounts.refusal_texts import localized
from accounts.views.close_account import CloseAccountView
from accounts.views.profile import AccountPageView
from chat.actions.account_deletion import account_delete
from chat.export import export
from delivery.db.executors import run


class AccountDataView(AccountPageView):
    """The page that offers export, deactivation and deletion."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "accounts/account_data.html", {"tab": "account-data"})


class ExportView(AccountPageView):
    """Streams the ZIP while it is created. POST only, so that no other site can trigger the download."""

    def post(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        try:
            export_rate_limit.take(str(self.user.pk))
        except AccountError as refusal:
            messages.error(request, localized(refusal))
            return redirect("account-data")
        answer = StreamingHttpResponse(_sent(export(self.user)), content_type="application/zip")
        answer["Content-Disposition"] = 'attachment; filename="imsite-data.zip"'
        answer["X-Content-Type-Options"] = "nosniff"
        return answer


async def _sent(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    while (piece := await run(next, pieces, None)) is not None:
        if piece:
            yield piece


class DeleteAccountView(CloseAccountView):
    """Deletes the user's account permanently."""

    template_name = "accounts/delete.html"
    close_action = staticmethod(account_delete)
    closed_message = gettext_lazy("Your account is deleted.")
