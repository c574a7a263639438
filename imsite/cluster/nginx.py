"""nginx in front of the nodes, by deploy/nginx.conf."""

from __future__ import annotations

import getpass
import os
import resource
import shutil
from collections.abc import Sequence
from pathlib import Path
from string import Template

SITE = Path(__file__).resolve().parent.parent.parent / "deploy" / "nginx.conf"

# The file is for the http part of nginx's own configuration, which here is this.
_MAIN = """\
daemon off;
pid $directory/nginx.pid;
error_log stderr error;
$user
worker_processes 1;
worker_rlimit_nofile $files;
events { worker_connections $connections; }
http {
    access_log off;
    client_body_temp_path $directory/body;
    proxy_temp_path $directory/proxy;
    fastcgi_temp_path $directory/fastcgi;
    uwsgi_temp_path $directory/uwsgi;
    scgi_temp_path $directory/scgi;
    types {
        text/css css;
        text/javascript js mjs;
        image/svg+xml svg;
        image/png png;
        image/x-icon ico;
        font/woff2 woff2;
        application/json json map;
    }
    include $directory/site.conf;
}
"""
_FILES = 32768
"""Files that nginx may have open, where the system allows that many."""


def binary() -> str | None:
    """Path of the system's nginx; None where there is none."""
    return shutil.which("nginx", path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin")))


def site(*, listen: str, nodes: Sequence[str], static_root: Path, server_name: str = "_") -> str:
    """deploy/nginx.conf with its variables filled in, as envsubst would; nginx's own stay."""
    return Template(SITE.read_text(encoding="utf-8")).safe_substitute(
        NGINX_LISTEN=listen,
        NGINX_SERVER_NAME=server_name,
        NGINX_NODES=" ".join(f"server {node} max_fails=1 fail_timeout=2s;" for node in nodes),
        NGINX_SOCKETS=" ".join(f"server {node} max_fails=0;" for node in nodes),
        NGINX_ROOT=str(static_root),
    )


def write(directory: Path, *, listen: str, nodes: Sequence[str], static_root: Path) -> list[str]:
    """Write a whole configuration into the directory; returns the command that runs nginx by it."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "site.conf").write_text(site(listen=listen, nodes=nodes, static_root=static_root), encoding="utf-8")
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    files = _FILES if allowed == resource.RLIM_INFINITY else min(_FILES, allowed)
    main = Template(_MAIN).substitute(
        directory=directory,
        # Started by root, it would give up rights that it needs to read the site's files.
        user=f"user {getpass.getuser()};" if os.geteuid() == 0 else "",
        files=files,
        connections=files // 2,
    )
    path = directory / "nginx.conf"
    path.write_text(main, encoding="utf-8")
    program = binary()
    assert program is not None
    return [program, "-p", str(directory), "-e", "stderr", "-c", str(path)]
