"""Base of the calls by which the page's script uses passkeys: form fields in, JSON out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import View

from accounts.errors import AccountError, PasskeyRefused, RateLimited
from accounts.refusal_texts import localized

_ANSWER_MAX_LENGTH = 65_536


@method_decorator(never_cache, name="dispatch")
class PasskeyView(View):
    """Answers an AccountError with its status, `reason` and translated `error`."""

    http_method_names = ("post",)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return super().dispatch(request, *args, **kwargs)
        except AccountError as refusal:
            response = JsonResponse(
                {"error": localized(refusal), "reason": refusal.reason.key}, status=refusal.reason.http
            )
            if isinstance(refusal, RateLimited):
                response["Retry-After"] = str(refusal.seconds)
            return response


def read_answer(request: HttpRequest) -> Mapping[str, Any]:
    """Return the browser's answer from the field `answer`. Raise PasskeyRefused if it is no JSON object."""
    text = request.POST.get("answer", "")
    try:
        answer = orjson.loads(text) if len(text) <= _ANSWER_MAX_LENGTH else None
    except orjson.JSONDecodeError:
        answer = None
    if not isinstance(answer, dict):
        raise PasskeyRefused
    return answer
