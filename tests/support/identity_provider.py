"""An OAuth provider on loopback that acts as GitHub, Google, WeChat and an OpenID Connect provider.

It has their pages and calls for authorization, token, user info, emails and pictures. A request to
`https://api.github.com/user` goes to the path `/api.github.com/user`. The authorization page asks the user of the
browser to allow or refuse.
"""

from __future__ import annotations

import itertools
import json
import secrets
import threading
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from types import TracebackType
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from PIL import Image

from tests.support import openid

KEYS = {
    "SOCIAL_AUTH_GITHUB_KEY": "github-key",
    "SOCIAL_AUTH_GITHUB_SECRET": "github-secret",
    "SOCIAL_AUTH_GOOGLE_OAUTH2_KEY": "google-key",
    "SOCIAL_AUTH_GOOGLE_OAUTH2_SECRET": "google-secret",
    "SOCIAL_AUTH_OIDC_ENDPOINT": "https://sso.example",
    "SOCIAL_AUTH_OIDC_KEY": "sso-key",
    "SOCIAL_AUTH_OIDC_SECRET": "sso-secret-of-at-least-32-characters",
    "SOCIAL_AUTH_WEIXIN_KEY": "weixin-key",
    "SOCIAL_AUTH_WEIXIN_SECRET": "weixin-secret",
}
"""The keys of the site at each provider, which accepts no others."""
_SECRETS = {
    "github-key": "github-secret",
    "google-key": "google-secret",
    "weixin-key": "weixin-secret",
    "sso-key": "sso-secret-of-at-least-32-characters",
}
_numbers = itertools.count(1)
_REFUSAL = {"error": "access_denied", "error_description": "The user has denied access."}


@dataclass
class Identity:
    """A user of the provider."""

    subject: str = "4711"
    login: str = "octo-alice"
    name: str = "Alice Octo"
    email: str = "alice@example.org"
    confirmed: bool = True
    picture: bool = True


def new_identity() -> Identity:
    """Return an identity that no site has seen."""
    number = next(_numbers)
    return Identity(
        subject=str(4710 + number),
        login=f"octo-{number}",
        name=f"Octo Number {number}",
        email=f"octo{number}@example.org",
    )


@dataclass
class IdentityProvider:
    """The server. `identity` is the user who signs in next; the path `failing_path` answers with a server error."""

    identity: Identity = field(default_factory=Identity)
    failing_path: str = ""
    garbled: str = ""
    """A path that answers with invalid JSON."""
    claims: dict[str, object] = field(default_factory=dict)
    """Claims of tokens by OpenID Connect that replace the right ones."""
    requested_paths: list[str] = field(default_factory=list)
    """Paths of all requests so far."""

    def __post_init__(self) -> None:
        self._codes: dict[str, tuple[str, str, Identity]] = {}
        self._nonces: dict[str, str] = {}
        self._tokens: dict[str, Identity] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Return the URL for programs."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def shown_url(self) -> str:
        """Return the URL for browsers: a host name other than that of the site under test."""
        return f"http://localhost:{self.port}"

    def __enter__(self) -> IdentityProvider:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    # -- endpoints ------------------------------------------------------------------------------------------------

    def authorise(self, query: dict[str, str]) -> str:
        """Return the authorization page. Its links lead back to the site with a code, or with a refusal."""
        client = query.get("client_id") or query.get("appid", "")
        if client not in _SECRETS or query.get("response_type") != "code":
            return "<p>Unknown client.</p>"
        code = secrets.token_urlsafe(12)
        self._codes[code] = (client, query["redirect_uri"], self.identity)
        self._nonces[code] = query.get("nonce", "")
        state = {"state": query["state"]} if "state" in query else {}
        yes = query["redirect_uri"] + "?" + urlencode({"code": code, **state})
        # WeChat redirects back with the state only.
        no = query["redirect_uri"] + "?" + urlencode({**({} if client == "weixin-key" else _REFUSAL), **state})
        return (
            f"<!doctype html><title>Allow?</title><h1>Allow {escape(client)}?</h1>"
            f'<p><a id="allow" href="{escape(yes)}">Allow</a> <a id="deny" href="{escape(no)}">Deny</a></p>'
        )

    def token(self, form: dict[str, str]) -> dict[str, object]:
        """Exchange a code for a token. Each code works once."""
        client = form.get("client_id") or form.get("appid", "")
        secret = form.get("client_secret") or form.get("secret", "")
        known = self._codes.pop(form.get("code", ""), None)
        if known is None or _SECRETS.get(client) != secret or known[0] != client:
            wrong = {"errcode": 40029, "errmsg": "invalid code"}
            return wrong if client == "weixin-key" else {"error": "bad_verification_code"}
        if form.get("redirect_uri") != known[1] or form.get("grant_type") != "authorization_code":
            return {"error": "redirect_uri_mismatch"}
        token = secrets.token_urlsafe(16)
        self._tokens[token] = known[2]
        answer: dict[str, object] = {"access_token": token, "token_type": "bearer", "openid": known[2].subject}
        if client == "sso-key":
            answer["id_token"] = openid.id_token(known[2].subject, client, self._nonces[form["code"]], self.claims)
        return answer

    def information(self, path: str, token: str) -> object:
        """Return the user data for the token; None for an unknown token."""
        if path in openid.DOCUMENTS:
            return openid.DOCUMENTS[path]()
        known = self._tokens.get(token)
        if known is None:
            return None
        picture = {
            "api.github.com": "https://avatars.githubusercontent.com/u/1",
            "www.googleapis.com": "https://lh3.googleusercontent.com/a/1",
            "sso.example": "",
            "api.weixin.qq.com": "http://thirdwx.qlogo.cn/1",
        }[path.split("/")[1]]
        shown = picture if known.picture else ""
        match path:
            case "/api.github.com/user":
                return {"id": int(known.subject), "login": known.login, "name": known.name, "avatar_url": shown}
            case "/api.github.com/user/emails":
                spare = {"email": "spare@example.org", "primary": False, "verified": True}
                return [spare, {"email": known.email, "primary": True, "verified": known.confirmed}]
            case "/www.googleapis.com/oauth2/v3/userinfo":
                about = {"sub": known.subject, "name": known.name, "picture": shown}
                return about | {"email": known.email, "email_verified": known.confirmed}
            case "/sso.example/userinfo":
                about = {"sub": known.subject, "name": known.name, "preferred_username": known.login}
                return about | {"email": known.email, "email_verified": known.confirmed}
            case "/api.weixin.qq.com/sns/userinfo":
                return {"openid": known.subject, "nickname": known.name, "headimgurl": shown}
        return None

    def _handler(provider) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = dict(parse_qsl(parts.query))
                provider.requested_paths.append(parts.path)
                if parts.path == "/favicon.ico":
                    self._answer(200, "image/png", picture((16, 16)))
                elif provider.failing_path and provider.failing_path in parts.path:
                    self._answer(500, "text/plain", b"broken")
                elif provider.garbled and provider.garbled in parts.path:
                    self._answer(200, "application/json", b'["not what')
                elif parts.path in _AUTHORISE:
                    self._answer(200, "text/html", provider.authorise(query).encode())
                elif parts.path.startswith(_PICTURES):
                    self._answer(200, "image/png", picture())
                else:
                    bearer = (self.headers.get("Authorization") or "").split(" ")[-1]
                    said = provider.information(parts.path, bearer or query.get("access_token", ""))
                    kind = "text/plain" if "weixin" in parts.path else "application/json"
                    body = json.dumps(said, ensure_ascii=False).encode()
                    self._answer(200 if said is not None else 401, kind, body)

            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode())
                provider.requested_paths.append(self.path)
                if provider.failing_path and provider.failing_path in self.path:
                    self._answer(500, "text/plain", b"broken")
                elif self.path in _TOKEN:
                    said = provider.token({name: values[0] for name, values in form.items()})
                    self._answer(200, "application/json", json.dumps(said).encode())
                else:
                    self._answer(404, "text/plain", b"nothing here")

            def _answer(self, status: int, kind: str, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler


_AUTHORISE = {
    "/github.com/login/oauth/authorize",
    "/accounts.google.com/o/oauth2/auth",
    "/open.weixin.qq.com/connect/qrconnect",
    "/sso.example/authorize",
}
_TOKEN = {
    "/github.com/login/oauth/access_token",
    "/accounts.google.com/o/oauth2/token",
    "/api.weixin.qq.com/sns/oauth2/access_token",
    "/sso.example/token",
}
_PICTURES = ("/avatars.githubusercontent.com/", "/lh3.googleusercontent.com/", "/thirdwx.qlogo.cn/")


def picture(size: tuple[int, int] = (300, 200), form: str = "PNG", colour: str = "#c0592b", **how: object) -> bytes:
    """Return an image file like those of cameras and providers."""
    made = BytesIO()
    Image.new("RGB", size, colour).save(made, form, **how)
    return made.getvalue()
