"""The page behind the link in a mail that ends such mails. It needs no log-in: the link is signed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from chat.mail_digest.actions import mail_digest_end, user_of_token


@method_decorator((csrf_exempt, never_cache), name="dispatch")
class MailDigestEndView(View):
    """GET asks, because mail scanners follow links; POST ends the mails, also without a browser (RFC 8058)."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return self._page(request, "ask" if user_of_token(token) is not None else "invalid")

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        user = user_of_token(token)
        if user is None:
            return self._page(request, "invalid")
        mail_digest_end(user_id=user.pk)
        return self._page(request, "ended")

    def _page(self, request: HttpRequest, state: str) -> HttpResponse:
        return render(request, "chat/mail_digest.html", {"state": state}, status=400 if state == "invalid" else 200)
