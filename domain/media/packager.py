"""The one adapter of Shaka Packager: encrypted CMAF segments with a DASH and an HLS manifest over the same files.

Content keys reach the packager as a flag file on its standard input, so they are never in a process list, an
environment or on a disk. The manifests come out neutral: each protected representation names its key id, and nothing
says where a licence is; `delivery` adds that per viewer. Subtitles are plain WebVTT segments under both manifests:
HLS players ask for them, and shaka-player 5.2, which plays DASH here, showed none packed into MP4 after a seek.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from uuid import UUID

from domain.media.cues import BLANK, Cue
from domain.media.ladder import Rung, TrackClass
from domain.media.languages import UNDETERMINED, is_known_language
from domain.media.manifests import HLS_NAME, MPD_NAME, Described, neutralise_hls, neutralise_mpd
from domain.media.room import DiskFull, is_without_room, says_full
from domain.media.sandbox import Confinement, Limits, ProcessTimedOut, run_confined
from domain.media.subtitles import read_subtitles, write_webvtt
from domain.media.tools import MediaTools

# Copying and encrypting runs at disk speed; a film in every size stays far below these.
PACKAGING_LIMITS = Limits(wall_s=3600, cpu_s=7200, memory_bytes=8 << 30, file_size_bytes=64 << 30)
KEY_BYTES = 16
# Characters with a meaning in a stream descriptor, a playlist attribute or a template, and control characters.
UNSAFE_LABEL = re.compile(r"[,=\";:$\\<>&\x00-\x1f]")
SDH = "public.accessibility.transcribes-spoken-dialog;public.accessibility.describes-music-and-sound"
DESCRIBES_VIDEO = "public.accessibility.describes-video"
# TV-Anytime AudioPurposeCS: 1 for the visually impaired, 2 for the hard of hearing (ISO/IEC 23009-1 §5.8.4.3).
AUDIO_PURPOSE = "urn:tva:metadata:cs:AudioPurposeCS:2007"
# ISO 639-2 for "no linguistic content": no track has it, so none becomes the default.
NO_LANGUAGE = "zxx"


class Scheme(StrEnum):
    """How samples are encrypted (ISO/IEC 23001-7): AES-CTR, or patterned AES-CBC, which Apple devices need."""

    CENC = "cenc"
    CBCS = "cbcs"


class PackagingFailed(Exception):
    """The packager gave up; `stderr_tail` never holds a key."""

    def __init__(self, *, reason: str, stderr_tail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.stderr_tail = stderr_tail


@dataclass(frozen=True)
class PackagingKey:
    """One content key; both parts are 16 bytes and the key never shows in a representation."""

    kid: bytes
    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        assert len(self.kid) == KEY_BYTES
        assert len(self.key) == KEY_BYTES


@dataclass(frozen=True)
class VideoInput:
    """One rung, whole, as MP4."""

    path: Path
    rung: Rung


@dataclass(frozen=True)
class AudioInput:
    """One sound track, whole, as MP4. `id` names its folder."""

    path: Path
    id: str
    language: str
    label: str
    is_default: bool = False
    is_descriptive: bool = False


@dataclass(frozen=True)
class TextInput:
    """One subtitle track as a WebVTT file. `id` names its folder."""

    path: Path
    id: str
    language: str
    label: str
    is_default: bool = False
    is_forced: bool = False
    is_sdh: bool = False


@dataclass(frozen=True)
class Representation:
    """One track as players see it. `id` is its folder and its id in the MPD; `codec` is an RFC 6381 string."""

    id: str
    kind: str
    track_class: TrackClass | None
    kid: UUID | None
    bandwidth: int
    width: int | None
    height: int | None
    frame_rate: float | None
    codec: str
    language: str | None
    label: str | None


@dataclass(frozen=True)
class Packaged:
    """A finished package: every file below `folder`, relative, and what is in it. `duration_s` is the MPD's."""

    folder: Path
    files: tuple[str, ...]
    duration_s: float
    representations: tuple[Representation, ...]
    mpd: str = MPD_NAME
    hls: str = HLS_NAME


async def package(
    tools: MediaTools,
    *,
    videos: Sequence[VideoInput],
    audios: Sequence[AudioInput],
    texts: Sequence[TextInput],
    keys: Mapping[TrackClass, PackagingKey],
    scheme: Scheme,
    segment_s: float,
    duration_s: float,
    folder: Path,
) -> Packaged:
    """Cut, encrypt and describe the tracks of one title into `folder`, which must exist and be empty.

    Raises:
        PackagingFailed: also when a track class has no key.
        DiskFull: there was no room for the package.
    """
    labels = _labels([*audios, *texts])
    tracks = [*(_video(v, folder) for v in videos), *(_audio(a, labels[a.id], folder) for a in _default_first(audios))]
    # Next to the folder and not in the system's: whoever sweeps up after a killed attempt finds it there.
    with tempfile.TemporaryDirectory(prefix="marquee-text-", dir=folder.parent) as scratch:
        captions = [_bounded(text, duration_s, Path(scratch)) for text in texts]
        for text, path in zip(texts, captions, strict=True):
            tracks.append(_text(text, path, labels[text.id], folder))
        flags = _flags(audios, texts, scheme, segment_s, folder)
        argv = [str(tools.packager), "--flagfile=/dev/stdin", *tracks, *flags]
        reads = [*(v.path for v in videos), *(a.path for a in audios), *captions]
        await _run(argv, _key_flags(_needed(videos, audios), keys), reads=reads, folder=folder)
    neutralise_hls(folder)
    described = neutralise_mpd(folder / MPD_NAME)
    classes = {v.rung.id: v.rung.track_class for v in videos} | {a.id: TrackClass.AUDIO for a in audios}
    return Packaged(
        folder=folder,
        files=_files(folder),
        duration_s=described.duration_s,
        representations=tuple(_representation(d, classes, labels) for d in described.representations),
    )


def _files(folder: Path) -> tuple[str, ...]:
    return tuple(sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()))


async def _run(argv: Sequence[str], key_flags: str, *, reads: Sequence[Path], folder: Path) -> None:
    confinement = Confinement(reads=tuple(reads), writes=(folder,), limits=PACKAGING_LIMITS)
    try:
        finished = await run_confined(argv, confinement, stdin=key_flags.encode("ascii"))
    except ProcessTimedOut as late:
        raise PackagingFailed(reason=str(late)) from late
    if finished.exit_code != 0:
        if says_full(finished.stderr_tail) or is_without_room(folder):
            raise DiskFull
        # Flag errors quote the flag, and that flag may be the keys.
        safe = re.sub(r"[0-9a-fA-F]{32}", "[key]", finished.stderr_tail)
        raise PackagingFailed(reason=f"the packager gave up with exit code {finished.exit_code}", stderr_tail=safe)


def _needed(videos: Sequence[VideoInput], audios: Sequence[AudioInput]) -> list[TrackClass]:
    sound = {TrackClass.AUDIO} if audios else set()
    return sorted({video.rung.track_class for video in videos} | sound)


def _key_flags(classes: Sequence[TrackClass], keys: Mapping[TrackClass, PackagingKey]) -> str:
    missing = [name.value for name in classes if name not in keys]
    if missing:
        raise PackagingFailed(reason=f"there is no key for {', '.join(missing)}")
    listed = ",".join(f"label={name}:key_id={keys[name].kid.hex()}:key={keys[name].key.hex()}" for name in classes)
    return f"--enable_raw_key_encryption\n--keys={listed}\n"


def _flags(
    audios: Sequence[AudioInput], texts: Sequence[TextInput], scheme: Scheme, segment_s: float, folder: Path
) -> list[str]:
    spoken = next((audio.language for audio in _default_first(audios)), NO_LANGUAGE)
    written = next((text.language for text in texts if text.is_default), NO_LANGUAGE)
    spoken, written = (tag if is_known_language(tag) else UNDETERMINED for tag in (spoken, written))
    return [
        "--quiet",
        f"--mpd_output={folder / MPD_NAME}",
        f"--hls_master_playlist_output={folder / HLS_NAME}",
        f"--segment_duration={segment_s:.9f}",
        f"--protection_scheme={scheme.value}",
        f"--default_language={spoken}",
        f"--default_text_language={written}",
        "--generate_static_live_mpd",
        # Nothing is left in the clear, not even the first seconds.
        "--clear_lead=0",
        # A box with every key id would make players ask for keys that the viewer may not have.
        "--mp4_include_pssh_in_stream=false",
    ]


def _default_first(audios: Sequence[AudioInput]) -> list[AudioInput]:
    # The packager marks the first track of the default language as the default one.
    return sorted(audios, key=lambda audio: not audio.is_default)


def _video(video: VideoInput, folder: Path) -> str:
    name = video.rung.id
    return _descriptor(
        f"in={video.path}", "stream=video", *_segments(folder, name, "m4s"), _playlist(name),
        f"iframe_playlist_name={name}/iframes.m3u8", f"drm_label={video.rung.track_class}",
    )  # fmt: skip


def _audio(audio: AudioInput, label: str, folder: Path) -> str:
    described = (
        ["dash_roles=description", f"dash_accessibilities={AUDIO_PURPOSE}=1", f"hls_characteristics={DESCRIBES_VIDEO}"]
        if audio.is_descriptive
        else [f"dash_roles={'main' if audio.is_default else 'dub'}"]
    )
    return _descriptor(
        f"in={audio.path}", "stream=audio", *_segments(folder, audio.id, "m4s"), _playlist(audio.id),
        "hls_group_id=audio", f"hls_name={label}", f"dash_label={label}", *_language(audio.language), *described,
        f"drm_label={TrackClass.AUDIO}",
    )  # fmt: skip


def _text(text: TextInput, path: Path, label: str, folder: Path) -> str:
    shared = [f"in={path}", "stream=text", *_language(text.language), "skip_encryption=1"]
    if text.is_forced:
        shared.append("forced_subtitle=1")
    elif text.is_sdh:
        shared += ["dash_roles=caption", f"dash_accessibilities={AUDIO_PURPOSE}=2", f"hls_characteristics={SDH}"]
    else:
        shared.append("dash_roles=subtitle")
    _, segments = _segments(folder, text.id, "vtt")
    names = [f"hls_name={label}", f"dash_label={label}", "hls_group_id=text"]
    return _descriptor(*shared, segments, _playlist(text.id), *names)


def _segments(folder: Path, name: str, suffix: str) -> tuple[str, str]:
    return (f"init_segment={folder / name}/init.mp4", f"segment_template={folder / name}/$Number$.{suffix}")


def _playlist(name: str) -> str:
    return f"playlist_name={name}/index.m3u8"


def _language(tag: str) -> list[str]:
    # The packager stops at a language it does not know; a track without one is better than no title.
    return [f"lang={tag}"] if is_known_language(tag) else []


def _descriptor(*fields: str) -> str:
    # A comma would begin a new field; labels are cleaned, and paths are ours.
    if any("," in one for one in fields):
        raise PackagingFailed(reason="a working path holds a comma")
    return ",".join(fields)


def _labels(tracks: Sequence[AudioInput | TextInput]) -> dict[str, str]:
    """A safe label for each track, unique among those of its kind, as HLS asks of names in a group."""
    labels: dict[str, str] = {}
    taken: set[tuple[type, str]] = set()
    for track in tracks:
        base = UNSAFE_LABEL.sub(" ", track.label).strip()[:80] or track.language
        label, number = base, 2
        while (type(track), label) in taken:
            label, number = f"{base} {number}", number + 1
        taken.add((type(track), label))
        labels[track.id] = label
    return labels


def _bounded(text: TextInput, duration_s: float, scratch: Path) -> Path:
    """The cues of a track up to the end of the title, and a blank one there, so that its playlist is as long."""
    end_ms = round(duration_s * 1000)
    cues = [
        Cue(start_ms=cue.start_ms, end_ms=min(cue.end_ms, end_ms), text=cue.text, settings=cue.settings)
        for cue in read_subtitles(text.path.read_bytes())
        if cue.start_ms < end_ms
    ]
    closing = Cue(start_ms=max(0, end_ms - 1), end_ms=end_ms, text=BLANK, settings="")
    path = scratch / f"{text.id}.vtt"
    path.write_text(write_webvtt((*cues, closing)), encoding="utf-8")
    return path


def _representation(
    described: Described, classes: Mapping[str, TrackClass], labels: Mapping[str, str]
) -> Representation:
    return Representation(
        id=described.id,
        kind=described.kind,
        track_class=classes.get(described.id),
        kid=described.kid,
        bandwidth=described.bandwidth,
        width=described.width,
        height=described.height,
        frame_rate=described.frame_rate,
        codec=described.codec,
        language=described.language,
        label=labels.get(described.id),
    )
