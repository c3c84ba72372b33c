"""Delivery: the manifests of a package, cut down to what one viewer may have and marked with where its licence is.

The packager's manifests name every track and no key system. For each class of viewer (track classes, greatest
height) and set of key systems this context makes the DASH and HLS manifests that leave out the rest, because players
fail when they are shown tracks whose keys are withheld. Addresses in them are relative, so the session's path prefix
carries over to every segment.
"""

from domain.delivery.live_dash import live_manifest
from domain.delivery.live_hls import live_multivariant, live_playlist
from domain.delivery.manifests import ManifestCache, ManifestRequest, is_manifest
from domain.delivery.programme import Mark, Programme, TooShortToSend
from domain.delivery.selection import NothingPlayable, Selection, select_tracks

__all__ = [
    "ManifestCache",
    "ManifestRequest",
    "Mark",
    "NothingPlayable",
    "Programme",
    "Selection",
    "TooShortToSend",
    "is_manifest",
    "live_manifest",
    "live_multivariant",
    "live_playlist",
    "select_tracks",
]
