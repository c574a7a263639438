"""A small Django project with users of its own, which embeds a channel by the code of deploy/embedding.md."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import TracebackType

from tests.support.commands import ROOT
from tests.support.ports import free_port
from tests.support.waiting import TIMEOUT_SECONDS

GUIDE = (ROOT / "deploy" / "embedding.md").read_text()

_SETTINGS = """
import os
DEBUG, SECRET_KEY, ROOT_URLCONF, ALLOWED_HOSTS = True, "x" * 50, "urls", ["*"]
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "shop.sqlite3"}}
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": ["."]}]
"""
_URLS = """
from django.contrib.auth import get_user_model, login
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from shop import chat

def page(request, name):
    return render(request, f"{name}.html")

def sign_in(request, name):
    login(request, get_user_model().objects.get_or_create(username=name)[0])
    return HttpResponse("signed in")

def order(request, text):
    chat.push(text)
    return HttpResponse("sent")

urlpatterns = [
    path("sign-in/<name>/", sign_in),
    path("order/<text>/", order),
    path("page/<name>/", page),
]
"""
_RUN = """
import os, sys, django
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("runserver", f"127.0.0.1:{sys.argv[1]}", use_reloader=False)
"""
_PAGE = "<!doctype html><html lang='{lang}'><meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
_PAGE += "<title>Shop</title><link rel='icon' href='data:,'>{head}<main><h1>Order 812</h1>{body}</main></html>"


def guide_blocks(language: str) -> list[str]:
    """Return the guide's code in this language, in its order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


class EmbeddingSite:
    """The project, on a port of its own. As a context manager it runs."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        """Another site for browsers than 127.0.0.1, so no cookie of one reaches the other."""

    def write(self, chat_url: str, channel: str) -> None:
        """Write the project for a chat at this URL. The guide's host names become those of the test."""
        self.chat_url, self.channel = chat_url, channel
        settings, code, urls = (self._adapted(block) for block in guide_blocks("python"))
        files = {
            "settings.py": _SETTINGS + settings,
            "shop/__init__.py": "",
            "shop/chat.py": code,
            "urls.py": _URLS + urls,
            "run.py": _RUN,
        }
        (self.directory / "shop").mkdir()
        for name, text in files.items():
            (self.directory / name).write_text(text)
        self.add_page("guide", self._adapted(guide_blocks("html")[0]))

    def add_page(self, name: str, body: str, *, head: str = "", lang: str = "en") -> str:
        """Write a page with this content; return its URL."""
        (self.directory / f"{name}.html").write_text(_PAGE.format(head=head, body=body, lang=lang))
        return f"{self.url}/page/{name}/"

    def script(self, **data: str) -> str:
        """Return a widget's script element with these `data-` attributes."""
        named = {"channel": self.channel, "token-url": "/chat-token/"} | {
            name.replace("_", "-"): value for name, value in data.items()
        }
        attributes = "".join(f' data-{name}="{value}"' for name, value in named.items() if value is not None)
        return f'<script src="{self.chat_url}/widget.js"{attributes} async></script>'

    def _adapted(self, block: str) -> str:
        block = block.replace("https://chat.example.org", self.chat_url)
        return block.replace('"7"', f'"{self.channel}"')

    def get(self, path: str) -> str:
        with urllib.request.urlopen(self.url + path, timeout=TIMEOUT_SECONDS) as answer:
            return str(answer.read().decode())

    def run(self, token: str) -> EmbeddingSite:
        """Start the project with the token of its service."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("IM_", "DJANGO"))}
        self._process = subprocess.Popen(
            [sys.executable, "run.py", str(self.port)],
            cwd=self.directory,
            env=environment | {"IMSITE_TOKEN": token},
            stdout=subprocess.DEVNULL,
            stderr=(self.directory / "log").open("w"),
        )
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while True:
            try:
                self.get("/page/guide/")
                return self
            except OSError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise RuntimeError((self.directory / "log").read_text()[-2000:]) from None
                time.sleep(0.05)

    def __enter__(self) -> EmbeddingSite:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait()
