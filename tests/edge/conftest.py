"""Fixtures of the doors' tests."""

from tests.graph_scene import fresh_scene, production, scene
from tests.oauth_scene import oauth
from tests.packaged_film import film
from tests.people_scene import people
from tests.play_scene import play_scene
from tests.upload_scene import s3_door, s3_server, s3_url, upload_database, upload_door, upload_scene

__all__ = [
    "film",
    "fresh_scene",
    "oauth",
    "people",
    "play_scene",
    "production",
    "s3_door",
    "s3_server",
    "s3_url",
    "scene",
    "upload_database",
    "upload_door",
    "upload_scene",
]
