"""Stills of titles, in the sizes that were made of them."""

from dataclasses import dataclass
from typing import Annotated

import strawberry

from domain.media.asset import Asset
from graph.context import Context
from graph.rows import declares

WIDTH_DEFAULT = 640

Width = Annotated[
    int, strawberry.argument(description="How many pixels wide it should be; the next larger size there is comes.")
]


@dataclass(frozen=True)
class Poster:
    """One size of a still."""

    url: str
    width: int
    height: int | None


@declares(Poster)
@strawberry.type(description="A picture in one size.")
class Image:
    """A picture."""

    url: str = strawberry.field(description="Where it is.")
    width: int = strawberry.field(description="Its width in pixels.")
    height: int | None = strawberry.field(description="Its height in pixels; null when unknown.")


def poster_of(asset: Asset | None, context: Context, width: Width = WIDTH_DEFAULT) -> Poster | None:
    """Return the smallest still that is wide enough, or the widest."""
    if asset is None or not asset.poster_widths:
        return None
    sizes = sorted(asset.poster_widths)
    chosen = next((size for size in sizes if size >= width), sizes[-1])
    height = round(chosen * asset.height / asset.width) if asset.width and asset.height else None
    return Poster(context.address_of(f"/posters/{asset.id}/{chosen}.jpg"), chosen, height)
