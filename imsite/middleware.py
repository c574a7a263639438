"""The Content-Security-Policy of every answer, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.http import HttpRequest, HttpResponse

SELF = "'self'"
# The admin's theme evaluates Alpine expressions and sets style attributes, so it needs these two; its scripts are
# files like ours.
ADMIN_SCRIPT = "'self' 'unsafe-eval'"
ADMIN_STYLE = "'self' 'unsafe-inline'"


def policy(*, host: str, secure: bool, admin: bool, form_targets: Iterable[str] = (), blobs: bool = False) -> str:
    """The header's value. Only the site's own files run, and only its own host is spoken to.

    `form_targets`: other origins to which a form of this page may lead, by a redirection. `blobs`: whether the page
    shows pictures and voice messages that its own scripts have received, as the chat page does.
    """
    # `connect-src 'self'` does not cover WebSockets in older Safari, hence the host once more with its scheme.
    socket = f"{'wss' if secure else 'ws'}://{host}"
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src {ADMIN_SCRIPT if admin else SELF}",
            f"style-src {ADMIN_STYLE if admin else SELF}",
            f"img-src 'self' data:{' blob:' if blobs else ''}",
            f"media-src 'self'{' blob:' if blobs else ''}",
            f"connect-src 'self' {socket}",
            "object-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            " ".join(("form-action 'self'", *form_targets)),
        )
    )


class ContentSecurityPolicy:
    """Adds the header to each response that has none of its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if "Content-Security-Policy" not in response:
            response["Content-Security-Policy"] = policy(
                host=request.get_host(),
                secure=request.is_secure(),
                admin=request.path.startswith("/admin/"),
                form_targets=getattr(response, "form_targets", ()),
                blobs=getattr(response, "shows_blobs", False),
            )
        return response


def in_one_thread(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """The innermost middleware. It does nothing, and knows no asyncio: so all of them run in the request's thread.

    Otherwise each that could do either goes from the event loop to the thread and back, before the view and after it.
    """
    return get_response
