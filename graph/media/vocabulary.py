"""The words of media: states, kinds and reasons."""

from enum import StrEnum

from domain.media.asset import AssetState
from domain.media.ladder import TrackClass
from domain.media.package import TrackKind
from domain.media.upload import UploadState
from graph.enums import described

described(
    UploadState,
    description="Where an upload is on its way.",
    values={
        UploadState.CREATED: "Announced; no byte has arrived.",
        UploadState.RECEIVING: "Some bytes have arrived.",
        UploadState.COMPLETE: "Every byte has arrived.",
        UploadState.EXPIRED: "Nobody went on with it in time; its bytes are gone.",
        UploadState.TERMINATED: "Its owner ended it; its bytes are gone.",
    },
)
described(
    AssetState,
    description="Where an asset is on its way.",
    values={
        AssetState.PROBING: "Its source is being looked at.",
        AssetState.REJECTED: "Its source cannot be played; `rejection` says why.",
        AssetState.ENCODING: "Its renditions are being encoded.",
        AssetState.PACKAGING: "Its segments are being encrypted and packaged.",
        AssetState.READY: "It plays.",
        AssetState.FAILED: "Something broke. `retryAsset` goes on from what is done.",
        AssetState.CANCELLED: "Its owner called it off.",
    },
)
described(
    TrackKind,
    description="What a track carries.",
    values={TrackKind.VIDEO: "Pictures.", TrackKind.AUDIO: "Sound.", TrackKind.TEXT: "Subtitles or captions."},
)
described(
    TrackClass,
    description="What shares one content key. What a viewer may have is said in these classes.",
    values={
        TrackClass.AUDIO: "Sound.",
        TrackClass.SD: "Pictures up to 576 lines.",
        TrackClass.HD: "Pictures up to 1080 lines.",
        TrackClass.UHD: "Pictures of more than 1080 lines.",
    },
)


class SubtitleKind(StrEnum):
    """What a subtitle upload is."""

    SUBTITLES = "SUBTITLES"
    CAPTIONS = "CAPTIONS"
    FORCED = "FORCED"


described(
    SubtitleKind,
    description="What a subtitle track is for.",
    values={
        SubtitleKind.SUBTITLES: "Speech, for those who do not know the language.",
        SubtitleKind.CAPTIONS: "Speech and sounds, for those who do not hear them.",
        SubtitleKind.FORCED: "Only what is in a foreign language within the film.",
    },
)


class AssetRejectionReason(StrEnum):
    """Why a source cannot be played, by the engine's own names."""

    EMPTY = "EMPTY"
    NOT_MEDIA = "NOT_MEDIA"
    UNSUPPORTED_CONTAINER = "UNSUPPORTED_CONTAINER"
    UNSUPPORTED_CODEC = "UNSUPPORTED_CODEC"
    NO_VIDEO = "NO_VIDEO"
    NO_AUDIO = "NO_AUDIO"
    PICTURE_TOO_LARGE = "TOO_LARGE_PICTURE"
    ZERO_LENGTH = "ZERO_LENGTH"
    TOO_LONG = "TOO_LONG"
    TRUNCATED = "TRUNCATED"
    CORRUPT = "CORRUPT"
    SUBTITLES_UNREADABLE = "SUBTITLES_UNREADABLE"


described(
    AssetRejectionReason,
    description="Why a source cannot be played.",
    values={
        AssetRejectionReason.EMPTY: "The file has no bytes.",
        AssetRejectionReason.NOT_MEDIA: "It is no media file.",
        AssetRejectionReason.UNSUPPORTED_CONTAINER: "Its container is not supported.",
        AssetRejectionReason.UNSUPPORTED_CODEC: "Its codec is not supported.",
        AssetRejectionReason.NO_VIDEO: "It has no picture.",
        AssetRejectionReason.NO_AUDIO: "A sound track was announced, and there is no sound in it.",
        AssetRejectionReason.PICTURE_TOO_LARGE: "Its picture is larger than any rendition is made from.",
        AssetRejectionReason.ZERO_LENGTH: "It lasts no time at all.",
        AssetRejectionReason.TOO_LONG: "It lasts longer than is accepted.",
        AssetRejectionReason.TRUNCATED: "It ends before it should.",
        AssetRejectionReason.CORRUPT: "It is damaged.",
        AssetRejectionReason.SUBTITLES_UNREADABLE: "A subtitle file cannot be read.",
    },
)

__all__ = ["AssetRejectionReason", "AssetState", "SubtitleKind", "TrackClass", "TrackKind", "UploadState"]
