"""Fixtures of the graph's tests."""

from tests.graph_scene import fresh_scene, production, scene

__all__ = ["fresh_scene", "production", "scene"]
