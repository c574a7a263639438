"""Other systems and bots, as operators look after them. Written only by `accounts.actions`."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from accounts.models.user import User, UserManager


class ServiceManager(UserManager):
    def get_queryset(self) -> models.QuerySet[User]:
        return super().get_queryset().filter(kind=User.Kind.SERVICE)


class Service(User):
    """A user that is a program: it comes by tokens only, and may do what its permissions say."""

    objects: ClassVar[ServiceManager] = ServiceManager()

    class Meta:
        proxy = True
        ordering = ("username",)
