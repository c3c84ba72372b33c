"""The words of playback: states of sessions and players, and key systems."""

from domain.drm import KeySystem
from domain.playback import PlaybackState, PlayerState
from graph.enums import described

described(
    PlaybackState,
    description="Whether a session goes on.",
    values={
        PlaybackState.ACTIVE: "It plays, or may.",
        PlaybackState.ENDED: "Its player stopped it.",
        PlaybackState.REVOKED: "It was ended from elsewhere, or access has gone.",
        PlaybackState.EXPIRED: "Its player gave no sign of life in time.",
    },
)
described(
    PlayerState,
    description="What a player is doing.",
    values={
        PlayerState.PLAYING: "It plays.",
        PlayerState.PAUSED: "Its viewer paused it.",
        PlayerState.BUFFERING: "It waits for media.",
    },
)
described(
    KeySystem,
    description="How a player decrypts.",
    values={
        KeySystem.CLEARKEY: "W3C ClearKey, in every browser.",
        KeySystem.WIDEVINE: "Google Widevine.",
        KeySystem.PLAYREADY: "Microsoft PlayReady.",
        KeySystem.FAIRPLAY: "Apple FairPlay Streaming.",
    },
)

__all__ = ["KeySystem", "PlaybackState", "PlayerState"]
