"""A data directory in a small file system of its own, which a scenario fills."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.chaos.scenario import Skipped
from tests.support.cluster import Cluster
from tests.support.run_directory import new_directory

_SIZE = "48m"
_ENOSPC_PIECE = 4096


@asynccontextmanager
async def small_disk(cluster: Cluster) -> AsyncIterator[None]:
    """Mount a small tmpfs as the data directory, with its content. Needs root. Logs stay outside of it."""
    if os.geteuid():
        raise Skipped("only root can mount a small disk")
    await asyncio.to_thread(_mount, cluster)
    try:
        yield
    finally:
        await asyncio.to_thread(_unmount, cluster.data)


def _mount(cluster: Cluster) -> None:
    logs, content = new_directory("logs"), new_directory("content")
    shutil.copytree(cluster.data, content, symlinks=True, dirs_exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_SIZE}", "tmpfs", cluster.data], check=True)
    shutil.copytree(content, cluster.data, symlinks=True, dirs_exist_ok=True)
    for node in cluster.nodes:
        node.log = logs / node.log.name


def _unmount(directory: Path) -> None:
    subprocess.run(["umount", "--lazy", directory], check=True)


def fill(directory: Path) -> Path:
    """Write a file until the disk has no room for another page; return it."""
    ballast = directory / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                room = shutil.disk_usage(directory).free
                file.write(os.urandom(max(_ENOSPC_PIECE, room)))
        except OSError:
            return ballast
