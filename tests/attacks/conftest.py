"""The shared site and its people, for the tests that speak the protocol."""

from tests.support.town import people, town

__all__ = ["people", "town"]
