"""People, the apps (platforms) they are on, and what lets them in. Written only by `accounts.actions`."""

from accounts.models.app import App
from accounts.models.people import Block, Friendship
from accounts.models.person import User, UserManager
from accounts.models.service import Service
from accounts.models.ways_in import Device, ExternalId

__all__ = ["App", "Block", "Device", "ExternalId", "Friendship", "Service", "User", "UserManager"]
