"""Uploads, the assets made of them, and how far those are."""

from graph.media.assets import Asset, Track, asset, transcode_progress
from graph.media.making import cancel_asset, create_asset, retry_asset
from graph.media.uploads import create_upload, terminate_upload, uploads
from graph.media.vocabulary import AssetRejectionReason

QUERIES = [uploads, asset]
MUTATIONS = [create_upload, terminate_upload, create_asset, cancel_asset, retry_asset]
SUBSCRIPTIONS = [transcode_progress]

__all__ = ["MUTATIONS", "QUERIES", "SUBSCRIPTIONS", "Asset", "AssetRejectionReason", "Track"]
