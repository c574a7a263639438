"""The client, built and installed by itself, works where nothing of the site is."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest

from tests.support.commands import ROOT
from tests.support.shared_site import SharedSite

_REQUIREMENTS = ("httpx", "websockets", "anyio", "httpcore", "h11", "certifi", "idna", "typing_extensions")
_START = "import sys; sys.path.insert(0, sys.argv[1]);"

_SHOP = """
from accounts.actions import service_create, service_token_create

shop = service_create(username="package-shop", permissions=["chat.use_gateway", "chat.view_message"])
print(service_token_create(service=shop, name="a test").token)
"""
_TALK = """
import asyncio, json
from importlib.util import find_spec
from imsite_client import Client, Recipient, SyncClient

_, _, url, shop, bob, name = sys.argv

async def talk():
    async with Client(url, token=shop) as im, im.listen() as connection:
        [sent] = await im.send("first", to=Recipient.user(name), idempotency_key="a")
        [again] = await im.send("first", to=Recipient.user(name), idempotency_key="a")
        await connection.send("second", target=sent.target)
        return sent.target, sent.id == again.id

def texts(connection):
    for push in connection:
        if push.cmd == "msg":
            yield push.data["msg"]

with SyncClient(url, token=bob) as im, im.listen(after=0) as connection:
    target, is_once = asyncio.run(talk())
    heard = texts(connection)
    received = [next(heard), next(heard)]
    page = connection.history(target)
    connection.close()
    rest = list(heard)
foreign = [name for name in ("django", "imsite", "chat", "channels") if find_spec(name)]
stored = [message["msg"] for message in page["messages"]]
print(json.dumps({"isOnce": is_once, "received": received, "rest": rest, "stored": stored, "foreign": foreign}))
"""


def _run(*command: str, **options: Any) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the client's wheel without a network and install it beside its requirements; return the directory."""
    folder = tmp_path_factory.mktemp("client")
    # pip would write into the source.
    source = shutil.copytree(ROOT / "imsite/client", folder / "source", ignore=shutil.ignore_patterns("__pycache__"))
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "--no-cache-dir")
    offline = ("--no-index", "--no-deps")
    _run(*pip, "wheel", *offline, "--no-build-isolation", "-w", str(folder), str(source), cwd=folder)
    [wheel] = folder.glob("*.whl")
    target = folder / "installed"
    _run(*pip, "install", *offline, "--target", str(target), str(wheel), cwd=folder)
    for name in _REQUIREMENTS:
        for path in {file.parts[0] for file in distribution(name).files or () if file.suffix == ".py"}:
            if not (target / path).exists():
                (target / path).symlink_to(Path(str(distribution(name).locate_file(path))).resolve())
    return target


async def test_both_faces_talk_to_a_site_without_django(installed: Path, shared_site: SharedSite) -> None:
    bob = shared_site.account("bob")
    shop = (await asyncio.to_thread(shared_site.shell, _SHOP)).strip()
    command = (sys.executable, "-I", "-S", "-c", _START + _TALK, str(installed), shared_site.site.url)
    said = await asyncio.to_thread(_run, *command, shop, bob.token, bob.name, cwd=installed)
    assert json.loads(said) == {
        "isOnce": True,
        "received": ["first", "second"],
        "rest": [],
        "stored": ["first", "second"],
        "foreign": [],
    }


def test_type_checkers_read_the_types_of_the_package(installed: Path) -> None:
    assert (installed / "imsite_client/py.typed").is_file()
