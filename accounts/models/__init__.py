"""People, the apps (platforms) they are on, and what lets them in. Written only by `accounts.actions`."""

from accounts.models.app import App
from accounts.models.relationships import Block, Friendship
from accounts.models.service import Service
from accounts.models.sign_in_methods import Device, ExternalId
from accounts.models.user import User, UserManager

__all__ = ["App", "Block", "Device", "ExternalId", "Friendship", "Service", "User", "UserManager"]
