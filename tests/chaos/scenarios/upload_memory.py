"""Many large files are uploaded at once to a node whose memory is limited, much more than it may use.

The node must store or refuse each file, and go on. A limit of the process stands for that of a container: an allocation
beyond it fails.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import resource
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path

from imsite.client import Client, ClientError, OutgoingFile, Refused, SyncClient
from tests.chaos.scenario import Scenario
from tests.chaos.stage import Stage
from tests.chaos.watch import MIB
from tests.support.pictures import picture

UPLOADS = 16
FILE_BYTES = 24 * MIB
PICTURE_SIZE = (6000, 4000)
HEADROOM_BYTES = 64 * MIB
"""Memory that the node may use beyond what it has: a third of the files."""
_PROCESSES = 2
_STORED, _REFUSED, _BROKEN_OFF = "stored", "refused", "broken off"


async def fault(stage: Stage) -> None:
    """Limit the memory of the running node, and upload to it from other processes."""
    accounts = await asyncio.to_thread(stage.accounts, UPLOADS)
    before = resource.prlimit(stage.b.pid, resource.RLIMIT_DATA)
    # Only the soft limit, which the processes that read pictures inherit and may raise.
    limit = _data_bytes(stage.b.pid) + HEADROOM_BYTES
    resource.prlimit(stage.b.pid, resource.RLIMIT_DATA, (limit, before[1]))
    began, pid = time.monotonic(), stage.b.pid
    try:
        with ProcessPoolExecutor(_PROCESSES, multiprocessing.get_context("spawn")) as processes:
            loop = asyncio.get_running_loop()
            shares = [[account.token for account in accounts[share::_PROCESSES]] for share in range(_PROCESSES)]
            ends = await asyncio.gather(
                *(loop.run_in_executor(processes, partial(upload_together, stage.b.url, share)) for share in shares)
            )
    finally:
        resource.prlimit(pid, resource.RLIMIT_DATA, before)
    stage.add("seconds of the uploads", time.monotonic() - began, "s")
    found = [end for share in ends for end in share]
    for end in (_STORED, _REFUSED, _BROKEN_OFF):
        stage.add(f"files {end}", found.count(end))
    if stage.b.process is None or stage.b.process.poll() is not None:
        stage.fail("the node has ended")


async def check(stage: Stage) -> None:
    """Upload to the node, which has memory again."""
    [account] = await asyncio.to_thread(stage.accounts, 1)
    async with Client(stage.b.url, token=account.token, retry_seconds=0) as client:
        await client.upload(OutgoingFile(os.urandom(MIB), "holiday"))


def upload_together(url: str, tokens: Sequence[str]) -> list[str]:
    """Upload a file as each of these users at the same time, every other one a picture. Return how each ended."""
    made = picture("JPEG", PICTURE_SIZE, quality=95)
    contents = [made if number % 2 else os.urandom(FILE_BYTES) for number in range(len(tokens))]
    with ThreadPoolExecutor(len(tokens)) as threads:
        return list(threads.map(partial(_upload, url), tokens, contents))


def _upload(url: str, token: str, content: bytes) -> str:
    try:
        with SyncClient(url, token=token) as client:
            client.upload(OutgoingFile(content, "holiday"))
    except Refused:
        return _REFUSED
    except ClientError:
        # Without memory, the HTTP server cannot read requests either.
        return _BROKEN_OFF
    return _STORED


def _data_bytes(pid: int) -> int:
    """Return the memory of the process to which the limit applies."""
    [line] = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmData:")]
    return int(line.split()[1]) * 1024


SCENARIO = Scenario(
    "upload-memory", "many large files are uploaded at once to a node with little memory", fault, check=check
)
