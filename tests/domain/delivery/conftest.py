"""The film these tests cut manifests for."""

from tests.packaged_film import film

__all__ = ["film"]
