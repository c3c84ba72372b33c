"""Fixtures of the worker tests."""

from tests.media_scene import media_scene

__all__ = ["media_scene"]
