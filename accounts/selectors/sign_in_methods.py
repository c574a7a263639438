"""What lets somebody in, as they see it: every read of devices, and of links with accounts elsewhere."""

from __future__ import annotations

from social_django.models import UserSocialAuth

from accounts.models import Device, User


def user_by_oauth_link(provider: str, subject: str) -> User | None:
    """Who signs in by that account elsewhere; the deactivated too."""
    link = UserSocialAuth.objects.select_related("user").filter(provider=provider, uid=subject).first()
    return link.user if link is not None else None


def linked_providers(user: User) -> set[str]:
    """The providers by which the person can sign in, where they are switched on."""
    return set(UserSocialAuth.objects.filter(user=user).values_list("provider", flat=True))


def email_taken(email: str) -> bool:
    """Whether an account here has that address."""
    return bool(email) and User.objects.filter(email=email.lower()).exists()


def devices(user: User) -> list[Device]:
    """The browsers and tokens that let the person in, the last used first."""
    found = Device.objects.filter(user=user).select_related("app", "created_by")
    return sorted(found, key=lambda device: device.last_seen_at or device.created_at, reverse=True)


def device_by_id(user: User, device_id: int) -> Device | None:
    """One of the person's own; nobody else's is found."""
    return Device.objects.filter(user=user, pk=device_id).first()


def oauth_links(user: User) -> list[UserSocialAuth]:
    """The accounts elsewhere by which the person signs in."""
    return list(UserSocialAuth.objects.filter(user=user).order_by("pk"))
