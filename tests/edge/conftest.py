"""Fixtures of the doors' tests."""

from tests.upload_scene import s3_scene, s3_server, s3_url, upload_scene

__all__ = ["s3_scene", "s3_server", "s3_url", "upload_scene"]
