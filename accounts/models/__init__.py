"""Users, apps (platforms), relationships and sign-in methods. Written only by `accounts.actions`."""

from accounts.models.app import App
from accounts.models.relationships import Block, Friendship
from accounts.models.second_factor import AuthenticatorApp, Passkey, RecoveryCode
from accounts.models.service import Service
from accounts.models.sign_in_methods import Device, ExternalUser, ReceivedPosition
from accounts.models.user import User, UserManager

__all__ = [
    "App",
    "AuthenticatorApp",
    "Block",
    "Device",
    "ExternalUser",
    "Friendship",
    "Passkey",
    "ReceivedPosition",
    "RecoveryCode",
    "Service",
    "User",
    "UserManager",
]
