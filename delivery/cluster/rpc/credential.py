"""The cluster's credential, by which nodes authenticate: a shared secret, certificates of one CA, or both."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import grpc
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

_METADATA_KEY = "authorization"


@dataclass(frozen=True, repr=False)
class ClusterCredential:
    """The secret, and PEM texts for mutual TLS. Every caller must present whichever of the two is set."""

    secret: str = ""
    certificate: bytes = b""
    key: bytes = b""
    ca: bytes = b""

    def __post_init__(self) -> None:
        files = [bool(part) for part in (self.certificate, self.key, self.ca)]
        if any(files) != all(files):
            raise ImproperlyConfigured("IM_CLUSTER_CERT, IM_CLUSTER_KEY and IM_CLUSTER_CA must be set together.")
        if not (self.secret or all(files)):
            raise ImproperlyConfigured("Nodes need IM_CLUSTER_SECRET or certificates to authenticate to each other.")

    @classmethod
    def from_settings(cls) -> ClusterCredential:
        """Return the credential of the settings. Raises ImproperlyConfigured if it is missing or incomplete."""
        try:
            certificate, key, ca = (
                Path(path).read_bytes() if path else b""
                for path in (settings.IM_CLUSTER_CERT, settings.IM_CLUSTER_KEY, settings.IM_CLUSTER_CA)
            )
        except OSError as error:
            raise ImproperlyConfigured(f"A file of the cluster's certificates cannot be read: {error}") from error
        return cls(settings.IM_CLUSTER_SECRET, certificate, key, ca)

    # -- the called side ------------------------------------------------------------------------------------------

    def server_credentials(self) -> grpc.ServerCredentials | None:
        """Return credentials for a port that accepts only certificates of the CA; None without certificates."""
        if not self.ca:
            return None
        return grpc.ssl_server_credentials(
            [(self.key, self.certificate)], root_certificates=self.ca, require_client_auth=True
        )

    def accepts(self, metadata: Iterable[tuple[str, str | bytes]] | None) -> bool:
        """Return whether the call's metadata has the secret, exactly once. Takes the same time for every secret."""
        if not self.secret:
            return True
        values = [value for name, value in metadata or () if name == _METADATA_KEY]
        value = values[0] if len(values) == 1 else ""
        given = value if isinstance(value, bytes) else value.encode()
        return hmac.compare_digest(given, f"Bearer {self.secret}".encode())

    # -- the calling side -----------------------------------------------------------------------------------------

    def channel_credentials(self) -> grpc.ChannelCredentials | None:
        """Return credentials for channels to other nodes; None without certificates."""
        if not self.ca:
            return None
        return grpc.ssl_channel_credentials(self.ca, self.key, self.certificate)

    def metadata(self) -> tuple[tuple[str, str], ...]:
        """Return the metadata of each call."""
        return ((_METADATA_KEY, f"Bearer {self.secret}"),) if self.secret else ()
