"""A long list is the same as Django's own."""

from __future__ import annotations

import pytest
from django import forms
from django.test.html import parse_html

from accounts.forms.long_select import LongSelect

ODD = "<\"&'>"
CHOICES = [("", "Same as browser"), ("UTC", "UTC"), ("Asia/Shanghai", "Asia/Shanghai"), (ODD, "<b>bold</b> & more")]


@pytest.mark.parametrize("value", ["Asia/Shanghai", "", None, ODD, "unknown"])
def test_a_long_list_is_the_same_as_djangos(value: str | None) -> None:
    attributes = {"id": "id_zone", "required": True, "aria-describedby": '"help"', "disabled": False}
    ours, djangos = (widget(choices=CHOICES).render("zone", value, attributes) for widget in (LongSelect, forms.Select))
    assert parse_html(ours) == parse_html(djangos)
    assert ours.count("<option") == len(CHOICES)
