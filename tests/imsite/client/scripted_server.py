"""A server of HTTP calls whose answers are given in advance."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx

from imsite.client import Client


class Server:
    """Gives these answers in turn, raises those that are exceptions, and records the requests."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self._answers: Iterator[httpx.Response | Exception] = iter(answers)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def client(self, *, token: str = "", retry_seconds: float = 30) -> Client:
        return Client(
            "http://im.example", token=token, retry_seconds=retry_seconds, transport=httpx.MockTransport(self)
        )

    def bodies(self) -> list[Any]:
        return [json.loads(request.content) for request in self.asked]
