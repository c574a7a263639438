"""The JavaScript client, packed and installed by npm, works in Node.js and has types."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support import machine
from tests.support.commands import ROOT
from tests.support.shared_site import SharedSite

pytestmark = [
    pytest.mark.sqlite,
    pytest.mark.slow,
    pytest.mark.skipif(machine.npm() is None, reason="npm is missing on this machine"),
]

_SCRIPTS = ROOT / "tests/js"
_PACKED = ("static/js/net", "LICENSE", *(f"tests/js/{name}" for name in ("client_package.mjs", "client-types.json")))
_COMPILER_OPTIONS = {
    "strict": True,
    "noEmit": True,
    "target": "es2023",
    "module": "nodenext",
    "types": [],
    "skipDefaultLibCheck": True,
}
TIMEOUT_SECONDS = 500


def _run(*command: str, cwd: Path) -> str:
    environment = {**os.environ, "npm_config_cache": str(cwd / "npm-cache"), "npm_config_offline": "true"}
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pack the client from a copy of its sources and install it in an empty project; return the project's directory."""
    npm = machine.npm()
    assert npm is not None
    folder = tmp_path_factory.mktemp("package")
    # Packing writes into the sources.
    tree = folder / "tree"
    for name in (*_PACKED, "tests/js/tsconfig.json"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / name, tree / name)
    (tree / "tests/js/node_modules").symlink_to(_SCRIPTS / "node_modules")
    _run(npm, "pack", "--pack-destination", str(folder), cwd=tree / "static/js/net")
    assert not (tree / "static/js/net/types").exists()
    [tarball] = folder.glob("imsite-client-*.tgz")
    project = folder / "project"
    project.mkdir()
    (project / "package.json").write_text('{"private": true, "type": "module"}')
    _run(npm, "install", "--no-audit", "--no-fund", str(tarball), cwd=project)
    for name in ("client_program.mjs", "client_use.ts"):
        shutil.copy(_SCRIPTS / name, project / name)
    return project


async def test_a_program_sends_and_receives_once_while_its_connections_are_cut(
    project: Path, shared_site: SharedSite
) -> None:
    alice, bob = shared_site.account("alice"), shared_site.account("bob")
    # The test takes its sockets from the runtime and gives them to the client as a class of its own.
    node = ("node", "--experimental-websocket", "--no-warnings", "client_program.mjs")
    arguments = (shared_site.site.url, alice.token, bob.token, bob.name)
    result = json.loads(await asyncio.to_thread(_run, *node, *arguments, cwd=project))
    assert result.pop("missing").startswith("This runtime has no WebSocket")
    assert result == {
        "refused": 1003,
        "refusedSend": 1005,
        "guest": "guest",
        "stopped": True,
        "received": ["one", "two", "three", "four", "five [plan.txt]"],
        "isOnce": True,
        "stored": ["one", "two", "from bob", "three", "four", "five [plan.txt]"],
        "log": ["one", "two", "from bob", "three", "four", "five [plan.txt]"],
        "files": [["plan.txt", 6]],
        "unsent": 0,
        "wasCut": True,
        "resumed": ["six"],
    }


def test_a_typescript_program_compiles_in_strict_mode(project: Path) -> None:
    config = {"compilerOptions": _COMPILER_OPTIONS, "files": ["client_use.ts"]}
    (project / "tsconfig.json").write_text(json.dumps(config))
    _run("node", str(_SCRIPTS / "node_modules/typescript/bin/tsc"), "-p", ".", cwd=project)


def test_the_package_holds_its_readme_licence_and_nothing_of_the_page(project: Path) -> None:
    package = project / "node_modules/imsite-client"
    names = {path.name for path in package.iterdir()}
    assert {"README.md", "LICENSE", "package.json", "index.js", "state", "types"} <= names
    assert all(path.suffix in {".js", ".ts", ".json", ".md", ""} for path in package.rglob("*"))
