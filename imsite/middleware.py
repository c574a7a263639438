"""Middleware: the Content-Security-Policy header, and a marker that keeps middleware in the request's thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

SELF = "'self'"
# The admin's theme evaluates Alpine expressions and sets style attributes. Its scripts are files.
ADMIN_SCRIPT = "'self' 'unsafe-eval'"
ADMIN_STYLE = "'self' 'unsafe-inline'"


def content_security_policy(
    *,
    host: str,
    secure: bool,
    admin: bool,
    form_targets: Iterable[str] = (),
    blobs: bool = False,
    picture_origin: str = "",
    static_files: str = "",
) -> str:
    """Return the header's value. It allows only the site's own files and connections to its own host.

    `form_targets` are other origins that a form of this page may redirect to. `blobs` allows pictures and audio that
    the page's scripts have received, as on the chat page. `picture_origin` is another origin of pictures,
    `static_files` the address of static files on another host: with its path, because others may have files there.
    """
    # In older Safari `connect-src 'self'` does not cover WebSockets, so the host is listed with its scheme.
    socket = f"{'wss' if secure else 'ws'}://{host}"
    static = f" {static_files}" if static_files else ""
    return "; ".join(
        (
            f"default-src 'self'{static}",
            f"script-src {ADMIN_SCRIPT if admin else SELF}{static}",
            f"style-src {ADMIN_STYLE if admin else SELF}{static}",
            f"img-src 'self' data:{' blob:' if blobs else ''}{f' {picture_origin}' if picture_origin else ''}{static}",
            f"media-src 'self'{' blob:' if blobs else ''}{static}",
            f"connect-src 'self' {socket}{static}",
            "object-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            " ".join(("form-action 'self'", *form_targets)),
        )
    )


class ContentSecurityPolicyMiddleware:
    """Adds the header to each response that does not have it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if "Content-Security-Policy" not in response:
            response["Content-Security-Policy"] = content_security_policy(
                host=request.get_host(),
                secure=request.is_secure(),
                admin=request.path.startswith("/admin/"),
                form_targets=getattr(response, "form_targets", ()),
                blobs=getattr(response, "shows_blobs", False),
                picture_origin=getattr(response, "picture_origin", ""),
                static_files=settings.STATIC_FILES_URL if settings.IM_STATIC_URL else "",
            )
        return response


def run_middleware_in_request_thread(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Do nothing, as the innermost middleware and without async support, so that all middleware runs synchronously.

    Otherwise each middleware that supports both would switch between the event loop and the thread, before and after
    the view.
    """
    return get_response
