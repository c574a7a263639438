"""The image, compose.yaml and the manifests of Kubernetes agree with the site and with each other."""

from __future__ import annotations

import ipaddress
import re
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from accounts import avatars
from imsite.monitoring.views import VIEWS
from imsite.options import OPTIONS, read
from tests.support.compose import ROOT, Compose, image_environment, image_instructions, image_sources

_OPTIONS = {option.name for option in OPTIONS}
_COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deploy/compose/compose.yaml").read_text())
_KUBERNETES = ROOT / "deploy" / "kubernetes"
_SITE = _COMPOSE["services"]["site"]


def _manifest(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((_KUBERNETES / name).read_text())
    return loaded


def _settings(path: Path) -> dict[str, str]:
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def test_the_image_takes_its_packages_from_the_lock_and_runs_without_rights() -> None:
    instructions = image_instructions()
    bases = {arguments.split()[0] for name, arguments in instructions if name == "FROM"}
    users = [arguments for name, arguments in instructions if name == "USER"]

    assert len(bases) == 1
    assert any("--require-hashes" in arguments for name, arguments in instructions if name == "RUN")
    assert users == ["10001:10001"]


def test_the_image_has_all_that_the_site_needs_and_nothing_else() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}

    assert set(image_sources()) == {"manage.py", "LICENSE", "templates", "static"} | packages


def test_the_build_gets_what_the_image_copies() -> None:
    """A path that .dockerignore leaves out fails the build."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    kept = {line[1:] for line in lines if line.startswith("!")}

    copies = [arguments.split()[:-1] for name, arguments in image_instructions() if name == "COPY"]

    assert kept == {path for paths in copies if not paths[0].startswith("--from") for path in paths}
    assert all((ROOT / path).exists() for path in kept)
    assert not any(fnmatch("manage.py", line) for line in lines if line.startswith("**"))


def test_all_settings_exist() -> None:
    """A misspelt variable would be ignored."""
    given = {name.removesuffix("_FILE") for name in _SITE["environment"]}
    given |= _settings(ROOT / "deploy/compose/site.env.example").keys() | _settings(_KUBERNETES / "site.env").keys()
    given |= {item["name"] for item in _node()["env"]} | image_environment().keys()

    assert given - _OPTIONS == {"PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"}


def test_prepare_makes_each_secret_once(tmp_path: Path) -> None:
    compose = Compose(tmp_path)
    before = {name: compose.secret(name) for name in _COMPOSE["secrets"]}

    compose.prepare()

    assert {name: compose.secret(name) for name in _COMPOSE["secrets"]} == before
    assert {Path(item["file"]).name for item in _COMPOSE["secrets"].values()} == before.keys()
    assert before["database_password"] in before["database_url"]
    assert len(set(before.values())) == len(before)


def test_the_site_trusts_the_address_of_nginx() -> None:
    address = _COMPOSE["services"]["nginx"]["networks"]["inside"]["ipv4_address"]
    subnet = _COMPOSE["networks"]["inside"]["ipam"]["config"][0]["subnet"]

    assert _settings(ROOT / "deploy/compose/site.env.example")["IM_TRUSTED_PROXIES"] == address
    assert ipaddress.ip_address(address) in ipaddress.ip_network(subnet)


def test_nginx_and_the_site_keep_addresses_that_no_other_container_gets() -> None:
    """nginx looks the site up once, so it would call the former address of a replaced container."""
    network = _COMPOSE["networks"]["inside"]["ipam"]["config"][0]
    own = {_COMPOSE["services"][name]["networks"]["inside"]["ipv4_address"] for name in ("nginx", "site")}

    assert len(own) == 2
    for address in own:
        assert ipaddress.ip_address(address) in ipaddress.ip_network(network["subnet"])
        assert ipaddress.ip_address(address) not in ipaddress.ip_network(network["ip_range"])


def test_nginx_has_two_connections_for_each_client_of_two_nodes() -> None:
    text = (ROOT / "deploy/compose/main.conf").read_text()
    [connections], [files] = (re.findall(rf"{name} (\d+);", text) for name in ("worker_connections", "rlimit_nofile"))
    nginx, clients = _COMPOSE["services"]["nginx"], read("IM_MAX_CONNECTIONS")

    assert "./main.conf:/etc/nginx/nginx.conf:ro" in nginx["volumes"]
    assert isinstance(clients, int)
    assert 2 * 2 * clients <= int(connections) < int(files) <= nginx["ulimits"]["nofile"]


def test_the_database_has_connections_for_a_node_of_each_processor() -> None:
    command, threads = _COMPOSE["services"]["database"]["command"], read("IM_DB_THREADS")
    of_a_node = 15 + threads if isinstance(threads, int) else 0

    assert int(command[-1].removeprefix("max_connections=")) > 16 * of_a_node > 0


def test_no_container_fills_the_disk_with_its_log() -> None:
    for name, service in _COMPOSE["services"].items():
        assert service["logging"]["options"].keys() == {"max-size", "max-file"}, name


def test_settings_of_containers_name_the_address_of_the_site() -> None:
    """Without it, users cannot ask for mails of missed messages."""
    for path in ("deploy/compose/site.env.example", "deploy/kubernetes/site.env"):
        given = _settings(ROOT / path)
        assert given["IM_SITE_URL"] == f"https://{given['ALLOWED_HOSTS']}"


def test_the_root_of_each_container_of_the_site_is_read_only() -> None:
    assert _SITE["read_only"] and _COMPOSE["services"]["setup"]["read_only"]
    for name in ("deployment.yaml", "setup-job.yaml"):
        for container in _manifest(name)["spec"]["template"]["spec"]["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"], name
            assert {mount["mountPath"] for mount in container["volumeMounts"]} >= {"/data", "/tmp"}


def test_pods_share_the_pictures_of_users() -> None:
    """Otherwise another pod would not have a picture, and it would be gone with its pod."""
    spec = _manifest("deployment.yaml")["spec"]["template"]["spec"]
    [volume] = (mount["name"] for mount in _node()["volumeMounts"] if mount["mountPath"] == "/data/media")
    [claim] = (one["persistentVolumeClaim"]["claimName"] for one in spec["volumes"] if one["name"] == volume)

    stored = Path(image_environment()["IM_DATA_DIR"]) / avatars._folder().relative_to(settings.DATA_DIR)
    assert stored.is_relative_to("/data/media")
    assert claim == _manifest("media-claim.yaml")["metadata"]["name"]
    assert _manifest("media-claim.yaml")["spec"]["accessModes"] == ["ReadWriteMany"]


def test_the_ingress_passes_on_no_call_of_monitoring() -> None:
    [rule] = _manifest("ingress.yaml")["spec"]["rules"]
    closed = {path["path"] for path in rule["http"]["paths"] if path["backend"]["service"]["name"] == "imsite-closed"}
    selected = _manifest("closed-service.yaml")["spec"]["selector"].items()

    assert {f"/{path.split('/')[1]}" for path in VIEWS} == closed
    for name in ("deployment.yaml", "setup-job.yaml"):
        assert not selected <= _manifest(name)["spec"]["template"]["metadata"]["labels"].items()


def test_pods_find_the_files_that_settings_name() -> None:
    """An operator gives a CA without a patch: all pods mount the secret, which need not exist."""
    for name in ("deployment.yaml", "setup-job.yaml"):
        pod = _manifest(name)["spec"]["template"]["spec"]
        [volume] = [found for found in pod["volumes"] if found.get("secret", {}).get("secretName") == "imsite-files"]
        mounts = {mount["name"]: mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]}
        assert volume["secret"]["optional"] and mounts[volume["name"]] == "/etc/imsite"


def test_kustomize_knows_each_manifest() -> None:
    """The ServiceMonitor needs an operator, so an overlay adds it."""
    listed = set(_manifest("kustomization.yaml")["resources"])

    assert listed == {path.name for path in _KUBERNETES.glob("*.yaml")} - {"kustomization.yaml"}


def test_a_pod_has_the_time_to_drain() -> None:
    spec = _manifest("deployment.yaml")["spec"]["template"]["spec"]
    pause = int(spec["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1])

    drain = read("IM_DRAIN_TIMEOUT")
    assert isinstance(drain, float)
    assert spec["terminationGracePeriodSeconds"] > pause + 2 * drain
    assert int(_SITE["stop_grace_period"].rstrip("s")) > 2 * drain


def test_a_proxy_waits_longer_than_a_node_for_a_silent_client() -> None:
    limit = read("IM_HEARTBEAT_TIMEOUT")
    annotations = _manifest("ingress.yaml")["metadata"]["annotations"]

    assert isinstance(limit, float)
    for name in ("read", "send"):
        assert int(annotations[f"nginx.ingress.kubernetes.io/proxy-{name}-timeout"]) > limit


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_probed_paths_exist(path: str) -> None:
    probed = {_node()[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "readiness", "liveness")}
    scraped = {endpoint["path"] for endpoint in _manifest("monitoring/service-monitor.yaml")["spec"]["endpoints"]}
    checked = re.findall(r"127\.0\.0\.1:8000(/\w+)", (ROOT / "deploy/Dockerfile").read_text())

    assert path in probed | scraped | set(checked) <= {"/healthz", "/readyz", "/metrics"}


def _node() -> dict[str, Any]:
    container: dict[str, Any] = _manifest("deployment.yaml")["spec"]["template"]["spec"]["containers"][0]
    return container
