"""Marks and conditions of the tests in Firefox."""

from __future__ import annotations

import pytest

from tests.support import machine

MARKS = [
    pytest.mark.sqlite,
    pytest.mark.slow,
    pytest.mark.skipif(machine.firefox() is None, reason="Firefox is missing on this machine"),
]

ENTER = "\ue007"
CAN_WRITE = "() => document.getElementById('composer')?.disabled === false"
SHOWN = """(selector, text) => [...document.querySelectorAll(selector)].some((element) =>
  element.checkVisibility() && element.textContent.includes(text))"""
SENT = """(text) => [...document.querySelectorAll("[data-testid=message][data-state=sent]")]
  .some((message) => message.textContent.includes(text))"""
