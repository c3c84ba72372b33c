"""Fixtures of the doors' tests."""

from tests.packaged_film import film
from tests.play_scene import play_scene
from tests.upload_scene import s3_door, s3_server, s3_url, upload_database, upload_door, upload_scene

__all__ = ["film", "play_scene", "s3_door", "s3_server", "s3_url", "upload_database", "upload_door", "upload_scene"]
