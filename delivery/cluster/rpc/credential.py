"""What proves that a caller is a node of this site: a shared secret, or certificates of one CA, or both."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import grpc
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

_KEY = "authorization"


@dataclass(frozen=True, repr=False)
class ClusterCredential:
    """The secret, and PEM texts for mutual TLS. Whatever of the two is given is required of every caller."""

    secret: str = ""
    certificate: bytes = b""
    key: bytes = b""
    ca: bytes = b""

    def __post_init__(self) -> None:
        files = [bool(part) for part in (self.certificate, self.key, self.ca)]
        if any(files) != all(files):
            raise ImproperlyConfigured("IM_CLUSTER_CERT, IM_CLUSTER_KEY and IM_CLUSTER_CA go together.")
        if not (self.secret or all(files)):
            raise ImproperlyConfigured("Nodes need IM_CLUSTER_SECRET, or certificates, to know each other by.")

    @classmethod
    def from_settings(cls) -> ClusterCredential:
        """That of the settings. Raises ImproperlyConfigured if there is none or half of one."""
        try:
            certificate, key, ca = (
                Path(path).read_bytes() if path else b""
                for path in (settings.IM_CLUSTER_CERT, settings.IM_CLUSTER_KEY, settings.IM_CLUSTER_CA)
            )
        except OSError as error:
            raise ImproperlyConfigured(f"A file of the cluster's certificates cannot be read: {error}") from error
        return cls(settings.IM_CLUSTER_SECRET, certificate, key, ca)

    # -- the called side ------------------------------------------------------------------------------------------

    def server(self) -> grpc.ServerCredentials | None:
        """For a port that takes only callers with a certificate of the CA; None without certificates."""
        if not self.ca:
            return None
        return grpc.ssl_server_credentials(
            [(self.key, self.certificate)], root_certificates=self.ca, require_client_auth=True
        )

    def admits(self, metadata: Iterable[tuple[str, str | bytes]] | None) -> bool:
        """Whether a call with this metadata shows the secret, once; takes as long whatever is wrong with it."""
        if not self.secret:
            return True
        shown = [value for name, value in metadata or () if name == _KEY]
        value = shown[0] if len(shown) == 1 else ""
        given = value if isinstance(value, bytes) else value.encode()
        return hmac.compare_digest(given, f"Bearer {self.secret}".encode())

    # -- the calling side -----------------------------------------------------------------------------------------

    def channel(self) -> grpc.ChannelCredentials | None:
        if not self.ca:
            return None
        return grpc.ssl_channel_credentials(self.ca, self.key, self.certificate)

    def metadata(self) -> tuple[tuple[str, str], ...]:
        """What each call carries."""
        return ((_KEY, f"Bearer {self.secret}"),) if self.secret else ()
