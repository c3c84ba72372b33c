"""The film whose sources the packager encrypts once more."""

from tests.packaged_film import film

__all__ = ["film"]
