"""The site's settings, and bugs planted in its code."""

from django.apps import apps

from imsite import settings as site
from imsite.settings import *  # noqa: F403

if apps.ready:
    # This process was forked from one that had loaded the applications before.
    from tests.chaos.plants import bugs

    bugs.plant()
else:
    INSTALLED_APPS = [*site.INSTALLED_APPS, "tests.chaos.plants.apps.PlantsConfig"]
