"""Settings read the same with and without the patch."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import override_settings

from imsite.settings_access import patch_settings_access


def test_settings_are_read_overridden_and_missing_as_before() -> None:
    patch_settings_access()
    before = settings.IM_API_BURST
    with override_settings(IM_API_BURST=before + 1):
        assert before + 1 == settings.IM_API_BURST
    assert before == settings.IM_API_BURST
    assert settings.configured and settings.is_overridden("IM_API_BURST") and "IM_API_BURST" in dir(settings)
    with pytest.raises(AttributeError, match="IM_NO_SUCH_SETTING"):
        _ = settings.IM_NO_SUCH_SETTING
