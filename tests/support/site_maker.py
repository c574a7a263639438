"""Makes sites with their first content for tests, each with its own data and database."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from tests.settings import TEST_DATABASE
from tests.support import postgres, templates
from tests.support.run_directory import new_directory, run_directory
from tests.support.site import Site


class SiteFactory(Protocol):
    """Makes sites that are not yet started: `site_factory(IM_LOGIN_TIMEOUT="1")`."""

    def __call__(self, *, command: Sequence[str] = ("serve",), **options: str) -> Site: ...


@contextlib.contextmanager
def site_maker(prefix: str, kind: str = TEST_DATABASE) -> Iterator[SiteFactory]:
    """Yield a function that makes sites on databases of this kind (sqlite or postgres). They are stopped at the end.

    The names of databases begin with the prefix.
    """
    template = templates.set_up(kind)
    bundles = run_directory() / "bundles"
    bundles.mkdir(exist_ok=True)
    with contextlib.ExitStack() as stack:
        made: list[Site] = []

        def make(*, command: Sequence[str] = ("serve",), **options: str) -> Site:
            data = new_directory("site")
            # The bundles of one state of the sources are the same for all sites.
            (data / "bundles").symlink_to(bundles)
            url = ""
            if isinstance(template, Path):
                shutil.copytree(template, data, dirs_exist_ok=True)
            else:
                url = stack.enter_context(postgres.database(f"{prefix}_{len(made)}", template=template))
            site = Site(data, database_url=url, options=options, command=command)
            made.append(site)
            stack.callback(lambda: site.stop() if site.process else None)
            return site

        yield make
