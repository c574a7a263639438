"""The printed URL leads a browser on this machine to the server."""

from __future__ import annotations

import pytest

from imsite.server.local_url import local_url


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000/"),
        ("0.0.0.0", "http://127.0.0.1:8000/"),
        ("::", "http://[::1]:8000/"),
        ("", "http://127.0.0.1:8000/"),
        ("::1", "http://[::1]:8000/"),
        ("unix:/run/imsite/imsite.sock", "unix:/run/imsite/imsite.sock"),
        ("2001:db8::5", "http://[2001:db8::5]:8000/"),
        ("fe80::1%eth0", "http://[fe80::1%25eth0]:8000/"),
        ("localhost", "http://localhost:8000/"),
    ],
)
def test_the_url_of_an_address(host: str, url: str) -> None:
    assert local_url(host, 8000) == url
