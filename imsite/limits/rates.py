"""The rate limits that each command and each HTTP path counts against."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

from accounts import rate_limits as hourly
from chat.api.common.throttles import CALL_MESSAGES, CALLS, WEBHOOK_POSTS
from chat.commands import registry
from chat.commands.dispatch import find_command
from chat.commands.registry import NoUserLimit
from chat.polling.endpoints import ENDPOINTS
from delivery.rate_limits.declared import ANONYMOUS, CHANNEL_SENDS, CONNECTIONS, READS, REQUESTS, SENDS, SETTLED_LIMITS
from delivery.rate_limits.limit import RateLimitDeclaration
from imsite.anonymous_rate_limit import LEGACY_CALLS, TOKEN_CALLS
from imsite.lazy_urls import LazyURLResolver

PREVIEWS = RateLimitDeclaration("previews", "user", "IM_LINK_PREVIEW_RATE", "IM_LINK_PREVIEW_BURST")

DECLARED: tuple[RateLimitDeclaration, ...] = (
    REQUESTS,
    *(limit.declared for limit in SETTLED_LIMITS),
    CALLS,
    CALL_MESSAGES,
    WEBHOOK_POSTS,
    PREVIEWS,
    *(limit.declared for limit in hourly.HOURLY_LIMITS),
)
"""Every rate limit of the site."""

_FURTHER_OF_COMMANDS = {
    "login": (hourly.registration_rate_limit.declared, ANONYMOUS.declared),
    "invite.show": (hourly.invite_rate_limit.declared,),
    "invite.accept": (hourly.invite_rate_limit.declared,),
    "message.send": (CHANNEL_SENDS.declared, PREVIEWS),
    "message.edit": (PREVIEWS,),
    "message.forward": (CHANNEL_SENDS.declared,),
    "scheduled.send": (CHANNEL_SENDS.declared,),
}
"""Limits that a command counts against itself, beside its user's."""

_SIGN_IN = hourly.sign_in_rate_limit.declared
_REGISTRATION = hourly.registration_rate_limit.declared
_MAIL = hourly.mail_rate_limit.declared
_SECOND_FACTOR = hourly.second_factor_rate_limit.declared

FURTHER_OF_PATHS: dict[str, tuple[RateLimitDeclaration, ...]] = {
    "accounts/login/": (_SIGN_IN,),
    "accounts/second-step/": (_SIGN_IN, _SECOND_FACTOR),
    "accounts/second-step/passkey/": (_SIGN_IN,),
    "accounts/passkey/": (_SIGN_IN,),
    "accounts/passkey/options/": (_SIGN_IN,),
    "accounts/confirm/": (_SECOND_FACTOR,),
    "accounts/confirm/passkey/": (_SIGN_IN,),
    "accounts/second-factor/app/": (_SECOND_FACTOR,),
    "accounts/second-factor/passkeys/add/": (_SECOND_FACTOR,),
    "accounts/second-factor/recovery-codes/": (_SECOND_FACTOR,),
    "accounts/guest/": (_REGISTRATION,),
    "accounts/register/": (_REGISTRATION,),
    "accounts/reset/": (_MAIL,),
    "accounts/oauth/<slug:slug>/": (hourly.oauth_rate_limit.declared,),
    "accounts/oauth/<slug:slug>/link/": (hourly.oauth_rate_limit.declared,),
    "accounts/oauth/<slug:slug>/done/": (_REGISTRATION,),
    "accounts/oauth/sign-up/": (_REGISTRATION,),
    "accounts/profile/": (hourly.profile_rate_limit.declared,),
    "accounts/profile/picture/": (hourly.profile_rate_limit.declared,),
    "accounts/email/": (_MAIL,),
    "accounts/data/export/": (hourly.export_rate_limit.declared,),
    "register": (_REGISTRATION,),
    "login": (_SIGN_IN,),
    "hooks/<str:secret>/": (WEBHOOK_POSTS,),
    "api/v1/messages/": (CALL_MESSAGES,),
    "api/v1/messages/bulk/": (CALL_MESSAGES,),
    "acc": (CONNECTIONS.declared,),
    "ws": (CONNECTIONS.declared,),
    "widget": (CONNECTIONS.declared,),
    "widget/files/<str:key>/": (READS.declared,),
    "widget/thumbnails/<str:key>/": (READS.declared,),
    "widget/uploads/": (CALLS,),
}
"""Limits that a path counts against beside the one by token or address."""


def command_rows() -> Iterator[tuple[str, tuple[RateLimitDeclaration, ...], str]]:
    """Yield name, limits and remark of each command. The remark says why there is no limit of the user."""
    for name in sorted(registry.COMMANDS):
        command = find_command(name)
        assert command is not None
        further = _FURTHER_OF_COMMANDS.get(name, ())
        if isinstance(command.limit, NoUserLimit):
            yield name, (REQUESTS, *further), f"none of the user: {command.limit.because}"
        else:
            yield name, (REQUESTS, command.limit.declared, *further), ""
    yield "Message of /ws", (REQUESTS, SENDS.declared, CHANNEL_SENDS.declared, PREVIEWS), ""
    yield "Sync of /ws", (REQUESTS, READS.declared), ""


def paths() -> Iterator[str]:
    """Yield each HTTP path that Django answers, without the slash at its start. The admin is one."""
    yield from _paths_of(get_resolver().url_patterns, "")


def path_rows() -> Iterator[tuple[str, tuple[RateLimitDeclaration, ...]]]:
    """Yield each HTTP path with limits of its own, and those limits; then the rest together."""
    for path in paths():
        further = FURTHER_OF_PATHS.get(path, ())
        if f"/{path}".startswith(LEGACY_CALLS):
            yield f"/{path}", (CALLS, ANONYMOUS.declared, *further)
        elif further:
            yield f"/{path}", (CALLS if f"/{path}".startswith(TOKEN_CALLS) else ANONYMOUS.declared, *further)
    for endpoint in ENDPOINTS:
        yield endpoint.prefix, (CONNECTIONS.declared, REQUESTS, ANONYMOUS.declared)
    yield f"every other path below {TOKEN_CALLS}", (CALLS,)
    yield "every other path", (ANONYMOUS.declared,)


def _paths_of(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver) and not isinstance(pattern, LazyURLResolver):
            yield from _paths_of(pattern.url_patterns, route)
        else:
            yield route
