"""Service accounts: other systems and bots. Written only by `accounts.actions`."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from accounts.models.user import User, UserManager


class ServiceManager(UserManager):
    """Restricts queries to service accounts."""

    def get_queryset(self) -> models.QuerySet[User]:
        return super().get_queryset().filter(kind=User.Kind.SERVICE)


class Service(User):
    """A service account: a user that is a program. It authenticates by API tokens only and acts by its permissions."""

    objects: ClassVar[ServiceManager] = ServiceManager()

    class Meta:
        proxy = True
        ordering = ("username",)
        verbose_name = "service account"
