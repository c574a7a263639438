"""An authenticator in Python: it makes passkeys and signs with them, rightly or with one thing wrong."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

HOST, ORIGIN = "testserver", "http://testserver"
ADD = "/accounts/second-factor/passkeys/"
_PRESENT, _VERIFIED, _HAS_CREDENTIAL = 0x01, 0x04, 0x40


@dataclass
class Authenticator:
    """Holds one passkey. Its attributes can be changed to those of an attacker's."""

    origin: str = ORIGIN
    host: str = HOST
    verifies_user: bool = True
    sign_count: int = 1
    user_handle: bytes = b""
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def create(self, options: dict[str, Any]) -> str:
        """Return the answer to options for a new passkey."""
        public_key = options["publicKey"]
        self.user_handle = websafe_decode(public_key["user"]["id"])
        cose = ES256.from_cryptography_key(self.key.public_key())  # type: ignore[no-untyped-call]
        credential = AttestedCredentialData.create(b"\0" * 16, self.credential_id, cose)
        data = self._data(_HAS_CREDENTIAL, credential)
        attestation = AttestationObject.create("none", data, {})
        client_data = self._client_data(CollectedClientData.TYPE.CREATE, public_key["challenge"])
        return self._answer(client_data, {"attestationObject": websafe_encode(attestation)})

    def get(self, options: dict[str, Any]) -> str:
        """Return the answer to options for the use of a passkey, signed. The count of signatures grows."""
        self.sign_count += 1
        client_data = self._client_data(CollectedClientData.TYPE.GET, options["publicKey"]["challenge"])
        data = self._data(0, b"")
        signature = self.key.sign(data + client_data.hash, ec.ECDSA(hashes.SHA256()))
        response = {"authenticatorData": websafe_encode(data), "signature": websafe_encode(signature)}
        return self._answer(client_data, response | {"userHandle": websafe_encode(self.user_handle)})

    def _data(self, flags: int, credential: bytes) -> AuthenticatorData:
        flags |= _PRESENT | (_VERIFIED if self.verifies_user else 0)
        host_hash = hashlib.sha256(self.host.encode()).digest()
        count = max(0, self.sign_count)
        data: AuthenticatorData = AuthenticatorData.create(host_hash, AuthenticatorData.FLAG(flags), count, credential)
        return data

    def _client_data(self, kind: CollectedClientData.TYPE, challenge: str) -> CollectedClientData:
        return CollectedClientData.create(kind, challenge, self.origin)

    def _answer(self, client_data: CollectedClientData, response: dict[str, str]) -> str:
        credential_id = websafe_encode(self.credential_id)
        whole = {"id": credential_id, "rawId": credential_id, "type": "public-key", "clientExtensionResults": {}}
        return json.dumps(whole | {"response": {"clientDataJSON": websafe_encode(client_data)} | response})


def add_passkey(client: Client, authenticator: Authenticator, name: str = "My key") -> Any:
    """Add a passkey in a browser that has just re-authenticated; return the response."""
    options = client.post(f"{ADD}options/").json()
    return client.post(f"{ADD}add/", {"answer": authenticator.create(options), "name": name})


def use_passkey(client: Client, authenticator: Authenticator, path: str = "/accounts/", **more: str) -> Any:
    """Sign in under `path` with the passkey; return the response."""
    prefix = f"{path}passkey/" if path == "/accounts/" else path
    answer = authenticator.get(client.post(f"{prefix}options/", more).json())
    return client.post(f"{path}passkey/", {"answer": answer} | more)
