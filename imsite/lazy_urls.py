"""Includes a URL configuration that is imported by the first request for it, or the first link to it."""

from __future__ import annotations

from django.urls import URLResolver
from django.urls.resolvers import RoutePattern


class LazyURLResolver(URLResolver):
    """A resolver with a namespace that links of other namespaces do not import."""

    def _populate(self) -> None:
        # The parent calls this before its first link. It needs no names of a namespace, which Django's `reverse` reads
        # through a resolver of its own.
        pass


def lazy_include(route: str, urlconf: str, *, namespace: str) -> LazyURLResolver:
    """Return what `path(route, include((urlconf, namespace)))` does, without importing the module `urlconf`."""
    return LazyURLResolver(RoutePattern(route), urlconf, app_name=namespace, namespace=namespace)
