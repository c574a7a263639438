"""Passkeys by WebAuthn: options for the browser, and the checks of its answers. Pure.

Options and answers are JSON with binary values in base64url, as `PublicKeyCredential.toJSON` writes them. The state of
options must be kept on the server and used for one answer only.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from accounts.errors import PasskeyRefused

if TYPE_CHECKING:
    from fido2.server import Fido2Server

logger = logging.getLogger(__name__)

State = dict[str, Any]
CREDENTIAL_ID_MAX_BYTES = 1023


@dataclass(frozen=True, slots=True)
class Site:
    """The site as browsers know it: the host that passkeys belong to, and the origin of its pages."""

    host: str
    origin: str


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A passkey that an authenticator has made: see `accounts.models.Passkey`."""

    credential_id: bytes
    attested_data: bytes
    sign_count: int


@dataclass(frozen=True, slots=True)
class Assertion:
    """An answer of a passkey, as the browser gives it, not checked yet. `user_handle` is None if it names no user."""

    credential_id: bytes
    user_handle: bytes | None
    answer: Mapping[str, Any]


def creation_options(
    site: Site, *, user_handle: bytes, username: str, nickname: str, existing: Collection[bytes]
) -> tuple[dict[str, Any], State]:
    """Return the options for a new passkey, and their state. Authenticators with an `existing` one make no second."""
    from fido2 import webauthn as shapes

    options, state = _server(site).register_begin(
        shapes.PublicKeyCredentialUserEntity(id=user_handle, name=username, display_name=nickname),
        credentials=_descriptors(existing),
        resident_key_requirement=shapes.ResidentKeyRequirement.PREFERRED,
        user_verification=shapes.UserVerificationRequirement.PREFERRED,
    )
    return dict(options), dict(state)


def check_creation(site: Site, state: State, answer: Mapping[str, Any]) -> NewPasskey:
    """Return the passkey of the answer. Raise PasskeyRefused for a wrong challenge, origin or host, and garbage."""
    try:
        data = _server(site).register_complete(state, answer)
        credential = data.credential_data
        if credential is None or len(credential.credential_id) > CREDENTIAL_ID_MAX_BYTES:
            raise ValueError("The credential id is missing or too long.")
        return NewPasskey(credential.credential_id, bytes(credential), data.counter)
    except Exception as error:
        raise _refused(error) from error


def request_options(
    site: Site, *, allowed: Collection[bytes] | None, verifies_user: bool
) -> tuple[dict[str, Any], State]:
    """Return the options for the use of one of the `allowed` passkeys, and their state. None allows all of the site.

    With `verifies_user` the authenticator must verify its user, by a PIN or a fingerprint, and not only a touch.
    """
    from fido2.webauthn import UserVerificationRequirement as Requirement

    options, state = _server(site).authenticate_begin(
        None if allowed is None else _descriptors(allowed),
        user_verification=Requirement.REQUIRED if verifies_user else Requirement.PREFERRED,
    )
    return dict(options), dict(state)


def read_assertion(answer: Mapping[str, Any]) -> Assertion:
    """Return the answer with the ids that it names. Raise PasskeyRefused for garbage."""
    from fido2.webauthn import AuthenticationResponse

    try:
        parsed = AuthenticationResponse.from_dict(answer)
        return Assertion(bytes(parsed.raw_id), parsed.response.user_handle, answer)
    except Exception as error:
        raise _refused(error) from error


def check_assertion(site: Site, state: State, assertion: Assertion, attested_data: bytes) -> int:
    """Check the answer of the passkey with this data; return its count of signatures.

    Raise PasskeyRefused for a wrong challenge, origin, host or signature, and if the user had to be verified and was
    not.
    """
    from fido2.webauthn import AttestedCredentialData, AuthenticationResponse

    try:
        credential = AttestedCredentialData(attested_data)
        _server(site).authenticate_complete(state, [credential], assertion.answer)
        return AuthenticationResponse.from_dict(assertion.answer).response.authenticator_data.counter
    except Exception as error:
        raise _refused(error) from error


def _server(site: Site) -> Fido2Server:
    from fido2.server import Fido2Server  # Few processes ever see a passkey.
    from fido2.webauthn import AttestationConveyancePreference, PublicKeyCredentialRpEntity

    return Fido2Server(
        PublicKeyCredentialRpEntity(name="imsite", id=site.host),
        attestation=AttestationConveyancePreference.NONE,
        verify_origin=lambda origin: origin == site.origin,
    )


def _descriptors(credential_ids: Collection[bytes]) -> list[Any]:
    from fido2.webauthn import PublicKeyCredentialDescriptor, PublicKeyCredentialType

    return [
        PublicKeyCredentialDescriptor(type=PublicKeyCredentialType.PUBLIC_KEY, id=credential_id)
        for credential_id in credential_ids
    ]


def _refused(error: Exception) -> PasskeyRefused:
    """Log why an answer is refused. The library raises errors of many types for malformed ones."""
    logger.info("passkey_refused", extra={"error": type(error).__name__})
    return PasskeyRefused()
