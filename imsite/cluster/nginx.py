"""nginx in front of the nodes, configured from deploy/nginx.conf."""

from __future__ import annotations

import getpass
import os
import re
import resource
import shutil
from collections.abc import Sequence
from pathlib import Path
from string import Template

SITE_TEMPLATE = Path(__file__).resolve().parent.parent.parent / "deploy" / "nginx.conf"

# deploy/nginx.conf belongs into the http block of a main configuration, which is this. All paths are relative to the
# directory, whose name may contain signs that have a meaning in nginx's configuration.
_MAIN_TEMPLATE = """\
daemon off;
pid nginx.pid;
error_log stderr error;
$user
worker_processes 1;
worker_rlimit_nofile $files;
events { worker_connections $connections; }
http {
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    types {
        text/css css;
        text/javascript js mjs;
        image/svg+xml svg;
        image/png png;
        image/x-icon ico;
        font/woff2 woff2;
        application/json json map;
    }
$site
}
"""
_MAX_OPEN_FILES = 32768
"""Open files of nginx, unless the system allows fewer."""


def find_binary() -> str | None:
    """Return the path of the installed nginx; None if there is none."""
    return shutil.which("nginx", path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin")))


def site_config(*, listen: str, nodes: Sequence[str], static_root: str, server_name: str = "_") -> str:
    """Return deploy/nginx.conf with its variables filled in as envsubst does. nginx's own variables stay.

    A relative `static_root` starts at the directory that nginx is started with.
    """
    return Template(SITE_TEMPLATE.read_text(encoding="utf-8")).safe_substitute(
        NGINX_LISTEN=listen,
        NGINX_SERVER_NAME=server_name,
        NGINX_NODES=" ".join(f"server {node} max_fails=1 fail_timeout=2s;" for node in nodes),
        NGINX_SOCKETS=" ".join(f"server {node} max_fails=0;" for node in nodes),
        NGINX_ROOT=re.sub(r'(["\\])', r"\\\1", static_root),
    )


def write_config(directory: Path, *, listen: str, nodes: Sequence[str], static_root: Path) -> list[str]:
    """Write a complete configuration into the directory. Returns the command that runs nginx with it."""
    directory.mkdir(parents=True, exist_ok=True)
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    files = _MAX_OPEN_FILES if allowed == resource.RLIM_INFINITY else min(_MAX_OPEN_FILES, allowed)
    main = Template(_MAIN_TEMPLATE).substitute(
        site=site_config(listen=listen, nodes=nodes, static_root=os.path.relpath(static_root, directory)),
        # nginx started by root switches to a user that cannot read the site's files.
        user=f"user {getpass.getuser()};" if os.geteuid() == 0 else "",
        files=files,
        connections=files // 2,
    )
    path = directory / "nginx.conf"
    path.write_text(main, encoding="utf-8")
    program = find_binary()
    assert program is not None
    return [program, "-p", str(directory), "-e", "stderr", "-c", str(path)]
