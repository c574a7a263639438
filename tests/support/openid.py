"""Documents and tokens of an OpenID Connect provider at https://sso.example."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from functools import cache

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

ISSUER = "https://sso.example"


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def signing_key() -> rsa.RSAPrivateKey:
    """Return the key that signs tokens; tests replace it."""
    return _key()


def id_token(subject: str, client: str, nonce: str, wrong: Mapping[str, object]) -> str:
    """Return a signed ID token, in which the claims of `wrong` replace the right ones."""
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": subject, "aud": client, "nonce": nonce, "iat": now, "exp": now + 60}
    return jwt.encode({**claims, **wrong}, signing_key(), "RS256", {"kid": "1"})


def _discovery() -> dict[str, object]:
    return {
        "issuer": ISSUER,
        "authorization_endpoint": f"{ISSUER}/authorize",
        "token_endpoint": f"{ISSUER}/token",
        "userinfo_endpoint": f"{ISSUER}/userinfo",
        "jwks_uri": f"{ISSUER}/keys",
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
    }


def _keys() -> dict[str, object]:
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(_key().public_key()))
    return {"keys": [{**public, "kid": "1", "alg": "RS256", "use": "sig"}]}


DOCUMENTS = {"/sso.example/.well-known/openid-configuration": _discovery, "/sso.example/keys": _keys}
"""The documents that anyone may read, by their paths at the tests' identity provider."""
