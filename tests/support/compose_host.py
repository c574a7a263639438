"""The services of deploy/compose as processes of this machine, driven by the guide's `docker compose` commands."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from tests.support import postgres
from tests.support.compose import HOST_NAME, ROOT, Compose, image_instructions
from tests.support.monitoring import get
from tests.support.ports import free_port, free_ports
from tests.support.postgres_server import PostgresServer
from tests.support.processes import Process
from tests.support.redis import RedisServer
from tests.support.run_directory import run_directory
from tests.support.waiting import TIMEOUT_SECONDS

_WORKERS = 2
_COMMAND_SECONDS = 300.0
"""Seconds after which a command has failed. Migrations take seven seconds of CPU."""
_MAIN = """
daemon off;
pid nginx.pid;
error_log stderr error;
{user}
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
{site}
}}
"""
_OPTIONS = argparse.ArgumentParser(exit_on_error=False)
for _name in ("--detach", "--build", "--wait", "--rm", "--no-deps", "-T"):
    _OPTIONS.add_argument(_name, action="store_true")
_OPTIONS.add_argument("--entrypoint")
_OPTIONS.add_argument("words", nargs=argparse.REMAINDER)


class ComposeHost:
    """One host with its own database, Redis, site and nginx. `code` is the version in its clone.

    A context manager that stops all that runs.
    """

    def __init__(self, directory: Path, code: Path = ROOT) -> None:
        self.compose = Compose(directory, code)
        self._directory = directory
        self._code = code
        self._data = directory / "data"
        self._data.mkdir()
        # The bundles of one state of the sources are the same for all sites.
        bundles = run_directory() / "bundles"
        bundles.mkdir(exist_ok=True)
        (self._data / "bundles").symlink_to(bundles)
        self._database = PostgresServer()
        self._redis = RedisServer(directory / "redis")
        self._node_port = free_ports(1 + _WORKERS)
        self._nginx = Process("nginx", free_port(), directory / "nginx.log")
        self._site: subprocess.Popen[bytes] | None = None
        self._site_image = Path()
        self._setup_log = ""

    @property
    def url(self) -> str:
        return f"https://{HOST_NAME}:{self._nginx.port}"

    @property
    def certificate(self) -> Path:
        return self.compose.place / "secrets/tls/fullchain.pem"

    def pull(self, code: Path) -> None:
        """Let `git pull` bring this version from now on."""
        self._code = code

    def put_back(self, saved: Path) -> None:
        """Copy the settings, the secrets and the backup of another clone into this one."""
        for name in (".env", "site.env", "imsite.dump", "data.tar"):
            shutil.copy(saved / name, self.compose.place)
        shutil.copytree(saved / "secrets", self.compose.place / "secrets", dirs_exist_ok=True)

    def run(self, commands: str, *, typed: str = "") -> str:
        """Run commands of the guide one after the other, and return their output. `typed` is their standard input.

        Raises CalledProcessError.
        """
        lines = [shlex.split(line, comments=True) for line in commands.splitlines()]
        return "".join(self._run(words, typed.encode()) for words in lines if words)

    def _run(self, words: list[str], typed: bytes) -> str:
        place = self.compose.place
        if words[-2:-1] == ["<"]:
            typed, words = (place / words[-1]).read_bytes(), words[:-2]
        target = None
        if words[-2:-1] == [">"]:
            target, words = place / words[-1], words[:-2]
        match words:
            case ["cd", _]:
                output = b""
            case ["./prepare", _]:
                self.compose.prepare()
                output = b""
            case ["git", "pull"]:
                self.compose.take(self._code)
                output = b""
            case ["docker", "compose", ("up" | "restart" | "logs" | "exec" | "run") as verb, *arguments]:
                output = getattr(self, f"_compose_{verb}")(_OPTIONS.parse_args(arguments), typed)
            case _:
                raise ValueError(f"the guide has a command that no test knows: {shlex.join(words)}")
        if target is not None:
            target.write_bytes(output)
            return ""
        return output.decode()

    def _compose_up(self, options: argparse.Namespace, typed: bytes) -> bytes:
        """Start what does not run, and run `setup`. Replace the site if it has another image."""
        services = options.words or ["database", "redis", "setup", "site", "nginx"]
        if "database" in services and not self._redis.running:
            self._database.create_empty()
            self._redis.start()
            # Containers reach each other by names.
            self.compose.set_secret("database_url", self._database.url)
            self.compose.set_secret("redis_url", self._redis.url)
        if "setup" in services:
            self._set_up()
        if "site" in services and self._site_image != self.compose.image:
            self._stop_site()
            self._start_site()
        if "nginx" in services and not self._nginx.running:
            self._start_nginx()
        return b""

    def _compose_restart(self, options: argparse.Namespace, typed: bytes) -> bytes:
        assert options.words == ["nginx"]
        self._nginx.stop()
        self._start_nginx()
        return b""

    def _compose_logs(self, options: argparse.Namespace, typed: bytes) -> bytes:
        assert options.words == ["setup"]
        return self._setup_log.encode()

    def _compose_exec(self, options: argparse.Namespace, typed: bytes) -> bytes:
        service, *command = options.words
        return self._run_in(service, command, typed)

    def _compose_run(self, options: argparse.Namespace, typed: bytes) -> bytes:
        """`docker compose run`: the arguments follow the image's entry point, unless another one is given."""
        service, *arguments = options.words
        if not options.no_deps:
            self._set_up()
        own = dict(image_instructions())["ENTRYPOINT"]
        entry = [options.entrypoint] if options.entrypoint else shlex.split(own.strip("[]").replace(",", ""))
        return self._run_in(service, [*entry, *arguments], typed)

    def _run_in(self, service: str, command: Sequence[str], typed: bytes) -> bytes:
        """Run a command in the container of a service."""
        if service == "database":
            programs = postgres.binaries()
            environment = {"PATH": f"{programs}:{os.environ['PATH']}", "PGHOST": "127.0.0.1"}
            environment["PGPORT"] = str(self._database.port)
        else:
            environment = self._environment()
            command = [str(self._data) if word == "/data" else word for word in command]
        ran = subprocess.run(
            command, cwd=self.compose.image, env=environment, input=typed, capture_output=True, timeout=_COMMAND_SECONDS
        )
        assert ran.returncode == 0, f"{shlex.join(command)}: {ran.stderr.decode()}"
        return ran.stdout

    def _environment(self) -> dict[str, str]:
        changes = {
            "IM_DATA_DIR": str(self._data),
            "HOST": "127.0.0.1",
            "PORT": str(self._node_port),
            "IM_WORKERS": str(_WORKERS),
            "IM_TRUSTED_PROXIES": "127.0.0.1",
        }
        return self.compose.environment("site", changes)

    def _set_up(self) -> None:
        self._setup_log = self._run_in("setup", self.compose.services["setup"]["entrypoint"], b"").decode()

    def _start_site(self) -> None:
        """Run the image's command; return when its health check would succeed."""
        log = self._directory / "site.log"
        environment = self._environment()
        with log.open("ab") as output:
            self._site = subprocess.Popen(
                ["python", "manage.py", "serve"],
                cwd=self.compose.image,
                env=environment,
                stdout=output,
                stderr=output,
            )
        self._site_image = self.compose.image
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while not self._is_ready():
            assert self._site.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)

    def _stop_site(self) -> None:
        if self._site is not None:
            self._site.send_signal(signal.SIGTERM)
            self._site.wait(TIMEOUT_SECONDS)
            self._site = None

    def _is_ready(self) -> bool:
        try:
            return get(f"http://127.0.0.1:{self._node_port}/readyz").status == 200
        except OSError:
            return False

    def _start_nginx(self) -> None:
        site = self.compose.nginx_config(
            address=f"127.0.0.1:{self._node_port}", listen=f"127.0.0.1:{self._nginx.port}", root=self._data
        )
        user = "user root;" if os.geteuid() == 0 else ""
        configuration = self._directory / "nginx.conf"
        configuration.write_text(_MAIN.format(user=user, site=site))
        self._nginx.launch(["nginx", "-p", str(self._directory), "-c", str(configuration)])

    def __enter__(self) -> ComposeHost:
        return self

    def __exit__(self, *error: object) -> None:
        if self._nginx.running:
            # Its master ends the workers.
            self._nginx.stop()
        self._stop_site()
        if self._redis.running:
            self._redis.kill()
        self._database.close()
