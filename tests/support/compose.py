"""deploy/compose without containers: the same files, commands and settings, with addresses of this machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
HOST_NAME = "localhost"


def image_instructions(code: Path = ROOT) -> list[tuple[str, str]]:
    """Return the instructions of deploy/Dockerfile, as (name, arguments)."""
    text = re.sub(r"\\\n\s*", " ", (code / "deploy" / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1].strip()) for line in lines]


def image_sources(code: Path = ROOT) -> dict[str, str]:
    """Return what the last stage copies from the repository, and where to, relative to its working directory."""
    copies = [arguments.split() for name, arguments in image_instructions(code) if name == "COPY"]
    last = [words for words in copies if not words[0].startswith("--from") and words[0] != "deploy/requirements.txt"]
    return {source: words[-1] for words in last for source in words[:-1]}


def image_environment() -> dict[str, str]:
    """Return the variables that the image sets."""
    settings = [arguments for name, arguments in image_instructions() if name == "ENV"][-1]
    return dict(part.split("=", 1) for part in settings.split())


class Compose:
    """A copy of deploy/compose in a directory of its own, prepared for the host name HOST_NAME."""

    def __init__(self, directory: Path, code: Path = ROOT) -> None:
        self._directory = directory
        self.place = directory / "deploy" / "compose"
        self.take(code)
        self.prepare()

    def take(self, code: Path) -> None:
        """Copy the files of deploy/ from this directory, and build the image, as a pull and a build do."""
        made = shutil.ignore_patterns("secrets", ".env", "site.env")
        shutil.copytree(code / "deploy" / "compose", self.place, ignore=made, dirs_exist_ok=True)
        shutil.copy(code / "deploy" / "nginx.conf", self.place.parent)
        self.services: dict[str, Any] = yaml.safe_load((self.place / "compose.yaml").read_text())["services"]
        self.image = Path(tempfile.mkdtemp(prefix="image-", dir=self._directory))
        for source, target in image_sources(code).items():
            copy = shutil.copytree if (code / source).is_dir() else shutil.copy
            destination = self.image / (source if target == "./" else target)
            destination.parent.mkdir(parents=True, exist_ok=True)
            copy(code / source, destination)
        self.built = self.image_files()

    def image_files(self) -> set[Path]:
        """Return all files of the image. A container with a read-only root cannot add any."""
        return {path for path in self.image.rglob("*") if path.is_file()}

    def prepare(self) -> None:
        subprocess.run([self.place / "prepare", HOST_NAME], check=True, stdout=subprocess.DEVNULL)

    def secret(self, name: str) -> str:
        return (self.place / "secrets" / name).read_text()

    def set_secret(self, name: str, value: str) -> None:
        """Replace a secret, as an operator does who has a database elsewhere."""
        path = self.place / "secrets" / name
        path.chmod(0o600)
        path.write_text(value)

    def environment(self, service: str, changes: Mapping[str, str]) -> dict[str, str]:
        """Return the environment of a service's container, with the paths of secrets on this machine, and `changes`."""
        lines = (self.place / "site.env").read_text().splitlines()
        settings = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
        own = {
            name: value.replace("/run/secrets", str(self.place / "secrets"))
            for name, value in self.services[service]["environment"].items()
        }
        image = {name: value for name, value in image_environment().items() if name != "PATH"}
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        return {"PATH": path, "HOME": str(self.image), **image, **settings, **own, **changes}

    def nginx_config(self, *, address: str, listen: str, root: Path) -> str:
        """Return the http block's content as the nginx image makes it: the variables of the service filled in.

        `address`: the node's, `listen`: the address and port in place of 443. HTTP/2 is switched on as nginx before
        1.25.1 expects it, which later ones still understand.
        """
        values = {
            name: re.sub(r"\b443\b", listen, value).replace("site:8000", address).replace("; http2 on", " http2")
            for name, value in self.services["nginx"]["environment"].items()
            if name.startswith("NGINX_") and name != "NGINX_ENVSUBST_FILTER"
        }
        values |= {"NGINX_ROOT": str(root), "NGINX_SERVER_NAME": HOST_NAME}
        site = Template((self.place.parent / "nginx.conf").read_text()).safe_substitute(values)
        tls = (self.place / "tls.conf").read_text().split("server {")[0]
        return tls.replace("/run/secrets/tls", str(self.place / "secrets" / "tls")) + site
