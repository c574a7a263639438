"""Requests to a running node's monitoring paths."""

from __future__ import annotations

import urllib.error
import urllib.request
from dataclasses import dataclass
from email.message import Message

from prometheus_client.parser import text_string_to_metric_families

from tests.support.site import Site

TIMEOUT = 60.0


@dataclass(frozen=True)
class Answer:
    status: int
    text: str
    headers: Message


def get(url: str, **headers: str) -> Answer:
    """Send GET and return the response, whatever its status. Underscores in the names of headers stand for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=named), timeout=TIMEOUT) as reply:
            return Answer(reply.status, reply.read().decode(), reply.headers)
    except urllib.error.HTTPError as refused:
        return Answer(refused.code, refused.read().decode(), refused.headers)


def metrics(url: str) -> dict[str, float]:
    """Return all values of the node at this URL by name; those with labels as `name{label="value"}`."""
    values: dict[str, float] = {}
    for family in text_string_to_metric_families(get(f"{url}/metrics").text):
        for sample in family.samples:
            labels = ",".join(f'{key}="{value}"' for key, value in sorted(sample.labels.items()))
            values[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return values


def connections(site: Site) -> int:
    """Return the number of WebSocket connections of that node."""
    return int(metrics(site.url)["imsite_connections"])
