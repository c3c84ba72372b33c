"""Fixtures of the worker tests."""

from tests.media_scene import media_scene
from tests.people_scene import people

__all__ = ["media_scene", "people"]
