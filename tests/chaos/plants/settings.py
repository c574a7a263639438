"""The site's settings with an application that plants bugs."""

from imsite import settings as site
from imsite.settings import *  # noqa: F403

INSTALLED_APPS = [*site.INSTALLED_APPS, "tests.chaos.plants.apps.PlantsConfig"]
