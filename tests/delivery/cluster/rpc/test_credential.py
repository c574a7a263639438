"""Every call to a node needs the cluster's secret or certificate."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
import pytest_asyncio
from django.conf import Settings
from django.core.exceptions import ImproperlyConfigured
from grpc_health.v1 import health_pb2, health_pb2_grpc

from delivery.cluster.entry_codec import encode_entry
from delivery.cluster.rpc import deliver_pb2
from delivery.cluster.rpc.credential import ClusterCredential
from delivery.cluster.rpc.options import CHANNEL_OPTIONS
from delivery.cluster.rpc.server import SERVICE, DeliverServer
from delivery.hub.hub import Hub
from delivery.log import Entry
from tests.delivery.conftest import MemoryLog
from tests.support.certificates import CertificateAuthority
from tests.support.cluster_rpc import (
    CREDENTIAL,
    bare_call,
    connected_peers,
    running_server,
    status,
)
from tests.support.listener import listening
from tests.support.waiting import TIMEOUT_SECONDS

ALICE = 1
METHODS = [method.name for method in deliver_pb2.DESCRIPTOR.services_by_name["Deliver"].methods]
BAD_METADATA = {
    "nothing": None,
    "a wrong secret": ClusterCredential("another secret").metadata(),
    "the secret and a bit": (("authorization", CREDENTIAL.metadata()[0][1] + "x"),),
    "the secret alone": (("authorization", CREDENTIAL.secret),),
    "another scheme": (("authorization", f"Basic {CREDENTIAL.secret}"),),
    "an empty one": (("authorization", "Bearer "),),
    "another key": (("x-authorization", f"Bearer {CREDENTIAL.secret}"),),
    "a wrong and the right one": (("authorization", "Bearer x"), *CREDENTIAL.metadata()),
}


@pytest_asyncio.fixture
async def server(hub: Hub) -> AsyncIterator[DeliverServer]:
    async with running_server(hub) as made:
        yield made


@pytest.mark.parametrize("metadata", BAD_METADATA.values(), ids=BAD_METADATA)
async def test_calls_without_the_cluster_credential_have_no_effect(
    hub: Hub, memory_log: MemoryLog, server: DeliverServer, metadata: Any, caplog: pytest.LogCaptureFixture
) -> None:
    push = deliver_pb2.PushRequest(entries=[encode_entry(Entry(kind="msg", user_ids=(ALICE,), position=1))])
    close = deliver_pb2.CloseRequest(user_id=ALICE)
    calls = {f"/delivery.Deliver/{method}": b"" for method in METHODS} | {
        "/delivery.Deliver/Push": push.SerializeToString(),
        "/delivery.Deliver/Close": close.SerializeToString(),
        "/grpc.health.v1.Health/Check": b"",
        "/grpc.health.v1.Health/Watch": b"",
        "/delivery.Deliver/Nothing": b"",
    }
    async with listening(hub, ALICE) as alice:
        for method, request in calls.items():
            refused = await status(server.port, method, request, metadata=metadata)
            assert refused is grpc.StatusCode.UNAUTHENTICATED, method
        assert (alice.frames, alice.closings, hub.watermark) == ([], [], 0)
    logged = {(record.getMessage(), vars(record)["setting"]) for record in caplog.records}
    assert logged == {("node_call_refused", "IM_CLUSTER_SECRET")}, "the operator sees which setting differs"


async def test_a_secret_may_contain_any_characters(hub: Hub) -> None:
    credential = ClusterCredential("секрет")
    assert not credential.accepts(CREDENTIAL.metadata())
    assert credential.accepts([("authorization", "Bearer секрет")])
    assert credential.accepts([("authorization", "Bearer секрет".encode())])


async def test_nodes_with_different_secrets_refuse_each_other(hub: Hub, server: DeliverServer) -> None:
    async with connected_peers({"a": server.port}, ClusterCredential("another")) as peers:
        answers = await peers.call_all(peers.state)
        assert answers.failed == {"a": "unauthenticated"}


async def test_nodes_can_check_the_health_of_a_node(server: DeliverServer) -> None:
    for service in ("", SERVICE):
        request = health_pb2.HealthCheckRequest(service=service).SerializeToString()
        reply = await bare_call(server.port, "/grpc.health.v1.Health/Check", request)
        assert health_pb2.HealthCheckResponse.FromString(reply).status == health_pb2.HealthCheckResponse.SERVING


async def test_a_health_watch_reports_the_shutdown(hub: Hub) -> None:
    server = DeliverServer(hub, CREDENTIAL, "127.0.0.1:0", node="a")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}", options=CHANNEL_OPTIONS) as channel:
        watch: Any = health_pb2_grpc.HealthStub(channel).Watch(  # type: ignore[misc]
            health_pb2.HealthCheckRequest(service=SERVICE), metadata=CREDENTIAL.metadata(), timeout=TIMEOUT_SECONDS
        )
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING
        stopping = asyncio.create_task(server.stop(TIMEOUT_SECONDS))
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING
        watch.cancel()
        await stopping
    await server.stop()


# -- mutual TLS -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> CertificateAuthority:
    return CertificateAuthority()


def tls(authority: CertificateAuthority, secret: str = "") -> ClusterCredential:
    return ClusterCredential(secret, *authority.issue(), authority.certificate)


async def test_certificates_of_one_authority_need_no_secret(hub: Hub, authority: CertificateAuthority) -> None:
    async with (
        running_server(hub, tls(authority)) as server,
        connected_peers({"a": server.port}, tls(authority)) as peers,
    ):
        assert (await peers.state("a")).node == "a"


async def test_a_configured_secret_is_required_besides_the_certificate(
    hub: Hub, authority: CertificateAuthority
) -> None:
    async with running_server(hub, tls(authority, "secret")) as server:
        async with connected_peers({"a": server.port}, tls(authority, "secret")) as peers:
            assert (await peers.state("a")).node == "a"
        async with connected_peers({"a": server.port}, tls(authority)) as peers:
            assert (await peers.call_all(peers.state)).failed == {"a": "unauthenticated"}


async def test_clients_without_a_valid_certificate_fail_the_handshake(
    hub: Hub, authority: CertificateAuthority, settings: Settings
) -> None:
    """No certificate, a certificate of another authority and plain text all fail."""
    other = CertificateAuthority("other")
    certificate, key = other.issue()
    async with running_server(hub, tls(authority)) as server:
        for credentials in (
            grpc.ssl_channel_credentials(authority.certificate),
            grpc.ssl_channel_credentials(authority.certificate, key, certificate),
            None,
        ):
            refused = await status(server.port, "/delivery.Deliver/State", credentials=credentials)
            assert refused is grpc.StatusCode.UNAVAILABLE


async def test_a_node_refuses_a_server_of_another_authority(hub: Hub, authority: CertificateAuthority) -> None:
    other = CertificateAuthority("other")
    imposter = ClusterCredential("", *other.issue(), other.certificate)
    async with running_server(hub, imposter) as server, connected_peers({"a": server.port}, tls(authority)) as peers:
        assert (await peers.call_all(peers.state)).failed == {"a": "unavailable"}


# -- the settings -----------------------------------------------------------------------------------------------------


def test_the_credential_comes_from_the_settings(settings: Settings, tmp_path: Any) -> None:
    for name in ("CERT", "KEY", "CA"):
        path = tmp_path / name
        path.write_bytes(name.encode())
        setattr(settings, f"IM_CLUSTER_{name}", str(path))
    settings.IM_CLUSTER_SECRET = "secret"
    assert ClusterCredential.from_settings() == ClusterCredential("secret", b"CERT", b"KEY", b"CA")
    assert "secret" not in repr(ClusterCredential.from_settings())


@pytest.mark.parametrize("given", [[], ["CERT"], ["CERT", "KEY"], ["CA"]])
def test_a_missing_or_incomplete_credential_is_an_error(settings: Settings, tmp_path: Any, given: list[str]) -> None:
    """A misconfigured service that would accept every caller never starts."""
    settings.IM_CLUSTER_SECRET = ""
    for name in ("CERT", "KEY", "CA"):
        path = tmp_path / name
        path.write_bytes(b"pem")
        setattr(settings, f"IM_CLUSTER_{name}", str(path) if name in given else "")
    with pytest.raises(ImproperlyConfigured):
        ClusterCredential.from_settings()


def test_the_error_names_a_missing_file(settings: Settings) -> None:
    settings.IM_CLUSTER_SECRET, settings.IM_CLUSTER_CA = "secret", "/nowhere/ca.pem"
    with pytest.raises(ImproperlyConfigured, match=r"/nowhere/ca\.pem"):
        ClusterCredential.from_settings()
