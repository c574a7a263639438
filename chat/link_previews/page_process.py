"""Reads a page in a process of its own: `python -m chat.link_previews.page_process`.

The parser sees what strangers made. Here a crash, an endless loop or much memory ends with this process, which has no
secret of the site in its environment. It reads a line of JSON and the page from its input, and writes JSON.
"""

from __future__ import annotations

import json
import logging
import resource
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from chat.link_previews.page_parser import PageDescription, parse_page

logger = logging.getLogger(__name__)

_ROOT = Path(__file__).resolve().parent.parent.parent
_MAX_MEMORY_BYTES = 512 * 2**20
_CPU_SECONDS = 2
_PROCESS_SECONDS = 15


def describe_page(body: bytes, content_type: str, address: str) -> PageDescription:
    """Return what the page says of itself, as `parse_page` does; nothing if it cannot be read within the limits."""
    head = json.dumps({"contentType": content_type, "address": address}).encode()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "chat.link_previews.page_process"],
            input=head + b"\n" + body,
            capture_output=True,
            timeout=_PROCESS_SECONDS,
            cwd=_ROOT,
            env={},
        )
    except subprocess.TimeoutExpired:
        return PageDescription()
    if done.returncode != 0:
        logger.info("page_unreadable", extra={"status": done.returncode})
        return PageDescription()
    return PageDescription(**json.loads(done.stdout))


def main() -> None:
    """Answer the request on standard input."""
    resource.setrlimit(resource.RLIMIT_AS, (_MAX_MEMORY_BYTES, _MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    head = json.loads(sys.stdin.buffer.readline())
    described = parse_page(sys.stdin.buffer.read(), head["contentType"], head["address"])
    json.dump(asdict(described), sys.stdout)


if __name__ == "__main__":
    main()
