"""A stream that loops a packaged film: what players get of it, live."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4
from xml.etree import ElementTree

import pytest

from domain.accounts import Viewer
from domain.catalog import TitleKind, create_title, grant_right, publish_title
from domain.engagement import LocalText, MomentKind, announce_moment, revoke_moment
from domain.entitlements import Plan, grant_access
from domain.live import Stream, end_stream, prepare_stream, start_stream
from domain.playback import PlaybackStarted, PlayerState, heartbeat, resume_points_of, start_playback, stop_playback
from graph.global_ids import Kind, global_id
from tests.arrange import create_viewer
from tests.play_scene import ADDRESS, PlayScene

MPD = "{urn:mpeg:dash:schema:mpd:2011}"
PASS_S = 4.0
# Eight passes of four seconds lead in.
LEAD_IN = timedelta(seconds=32)


@dataclass
class Channel:
    """A channel on air that sends the film."""

    scene: PlayScene
    stream: Stream
    editor: Viewer

    async def watch(self) -> tuple[Viewer, PlaybackStarted]:
        async with self.scene.runtime.work() as work:
            viewer = await create_viewer(work)
            await grant_access(work, account_id=viewer.account_id, plan=Plan.PREMIUM, source="test")
        async with self.scene.runtime.work() as work:
            started = await start_playback(
                work, viewer=viewer, keyring=self.scene.runtime.keyring, title_id=self.stream.title_id,
                address=ADDRESS, idempotency_key=uuid4().hex,
            )  # fmt: skip
        return viewer, started

    async def get(self, started: PlaybackStarted, path: str) -> str:
        async with self.scene.client() as client:
            answer = await client.get(f"/play/{started.token}/{path}")
            assert answer.status_code == 200, answer.text
            return answer.text

    async def end(self) -> None:
        async with self.scene.runtime.work() as work:
            await end_stream(work, viewer=self.editor, stream_id=self.stream.id, expected_version=self.stream.version)


@pytest.fixture
async def channel(play_scene: PlayScene) -> Channel:
    editor = play_scene.editor
    async with play_scene.runtime.work() as work:
        title = await create_title(work, viewer=editor, kind=TitleKind.CHANNEL, language="en", name="Loop")
        await grant_right(work, viewer=editor, title_id=title.id, territory="*", opens_at=work.now - timedelta(days=1))
        await publish_title(work, viewer=editor, title_id=title.id, expected_version=title.version)
        stream = await prepare_stream(work, viewer=editor, title_id=title.id, asset_id=play_scene.asset_id, name="Loop")
        stream = await start_stream(work, viewer=editor, stream_id=stream.id, expected_version=stream.version)
    return Channel(play_scene, stream, editor)


@dataclass
class Listed:
    """A segment of a playlist, and the instant that the tags before it give it."""

    sequence: int
    discontinuity: int
    at: datetime
    duration_s: float
    uri: str


def read(playlist: str) -> list[Listed]:
    """Read a live playlist as a player does, and check that each date tag agrees with the durations before it."""
    sequence = int(re.findall(r"#EXT-X-MEDIA-SEQUENCE:(\d+)", playlist)[0])
    discontinuity = int(re.findall(r"#EXT-X-DISCONTINUITY-SEQUENCE:(\d+)", playlist)[0])
    found: list[Listed] = []
    at: datetime | None = None
    duration = 0.0
    for line in playlist.splitlines():
        if line == "#EXT-X-DISCONTINUITY":
            discontinuity += 1
        elif line.startswith("#EXT-X-PROGRAM-DATE-TIME:"):
            told = datetime.fromisoformat(line.split(":", 1)[1])
            assert at is None or abs((told - at).total_seconds()) < 0.03
            at = told
        elif line.startswith("#EXTINF:"):
            duration = float(line.removeprefix("#EXTINF:").split(",")[0])
        elif line and not line.startswith("#"):
            assert at is not None, "a date before the first segment"
            found.append(Listed(sequence + len(found), discontinuity, at, duration, line))
            at += timedelta(seconds=duration)
    return found


async def test_a_title_on_air_plays_live(channel: Channel) -> None:
    _, started = await channel.watch()
    assert (started.session.stream_id, started.resume_position_s) == (channel.stream.id, 0.0)
    master = await channel.get(started, "master.m3u8")
    assert "SUBTITLES" not in master
    assert "I-FRAME" not in master
    assert "h264-360/index.m3u8" in master
    playlist = await channel.get(started, "h264-360/index.m3u8")
    assert "ENDLIST" not in playlist
    assert "PLAYLIST-TYPE" not in playlist
    assert playlist.count("#EXT-X-MAP:") == 1
    assert "#EXT-X-KEY:" in playlist
    now = channel.scene.clock()
    listed = read(playlist)
    # The newest segment ends at the live edge; the oldest is the first of the lead-in.
    assert listed[-1].at + timedelta(seconds=listed[-1].duration_s) == now
    assert now - timedelta(seconds=30) <= listed[0].at <= now - timedelta(seconds=28)


async def test_playlists_slide_and_keep_their_numbers(channel: Channel) -> None:
    _, started = await channel.watch()
    known: dict[tuple[str, int], Listed] = {}
    for _ in range(60):
        for track in ("h264-360", "audio-0"):
            listed = read(await channel.get(started, f"{track}/index.m3u8"))
            assert len({segment.discontinuity for segment in listed}) > 1
            for segment in listed:
                before = known.setdefault((track, segment.sequence), segment)
                assert (before.uri, before.discontinuity) == (segment.uri, segment.discontinuity)
                assert abs((before.at - segment.at).total_seconds()) < 0.002
        channel.scene.clock.advance(1.7)
        async with channel.scene.runtime.work() as work:
            # Nothing but a heartbeat keeps a session alive.
            await work.connection.exec_driver_sql(
                "UPDATE playback_sessions SET lease_until = lease_until + interval '10 seconds'"
            )


async def test_a_clock_that_is_set_back_takes_nothing_away(channel: Channel) -> None:
    _, started = await channel.watch()
    async with channel.scene.client() as client:
        url = f"/play/{started.token}/h264-360/index.m3u8"
        before = read((await client.get(url)).text)
        channel.scene.clock.advance(-20)
        after = read((await client.get(url)).text)
        channel.scene.clock.advance(20)
    assert after == before


async def test_the_dash_manifest_has_a_period_for_each_pass(channel: Channel) -> None:
    _, started = await channel.watch()
    root = ElementTree.fromstring(await channel.get(started, "manifest.mpd"))
    assert root.attrib["type"] == "dynamic"
    assert channel.stream.went_live_at is not None
    assert datetime.fromisoformat(root.attrib["availabilityStartTime"]) == channel.stream.went_live_at - LEAD_IN
    periods = root.findall(f"{MPD}Period")
    assert [period.attrib["start"] for period in periods][-1] == "PT28.000S"
    assert len({period.attrib["id"] for period in periods}) == len(periods)
    for period in periods:
        templates = list(period.iter(f"{MPD}SegmentTemplate"))
        assert templates
        assert all(template.findall(f".//{MPD}S") for template in templates)
    assert root[-1].tag == f"{MPD}UTCTiming"
    first = periods[0].find(f".//{MPD}SegmentTemplate")
    assert first is not None
    assert first.attrib["startNumber"] == "2"


async def test_moments_are_date_ranges_and_events(channel: Channel) -> None:
    _, started = await channel.watch()
    async with channel.scene.runtime.work() as work:
        moments = [
            await announce_moment(
                work, viewer=channel.editor, stream_id=channel.stream.id, kind=kind, text=[LocalText("en", 'A "b"')],
                idempotency_key=uuid4().hex, present_at=work.now + timedelta(seconds=5),
            )
            for kind in (MomentKind.CHAPTER, MomentKind.SHOUT_OUT)
        ]  # fmt: skip
    ids = [global_id(Kind.MOMENT, moment.id) for moment in moments]
    playlist = await channel.get(started, "h264-360/index.m3u8")
    ranges = [line for line in playlist.splitlines() if line.startswith("#EXT-X-DATERANGE:")]
    at = (channel.scene.clock() + timedelta(seconds=5)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    assert ranges == [
        f'#EXT-X-DATERANGE:ID="{ids[0]}",CLASS="marquee.moment",START-DATE="{at}",X-MARQUEE-KIND="CHAPTER"',
        f'#EXT-X-DATERANGE:ID="{ids[1]}",CLASS="marquee.moment",START-DATE="{at}",DURATION=15.000,'
        'X-MARQUEE-KIND="SHOUT_OUT"',
    ]
    events = ElementTree.fromstring(await channel.get(started, "manifest.mpd")).findall(f".//{MPD}Event")
    assert [event.text for event in events] == [f"{ids[0]}|CHAPTER|", f"{ids[1]}|SHOUT_OUT|"]
    async with channel.scene.runtime.work() as work:
        await revoke_moment(work, viewer=channel.editor, moment_id=moments[0].id)
    assert ids[0] not in await channel.get(started, "h264-360/index.m3u8")


async def test_a_show_that_ended_is_played_to_its_end(channel: Channel) -> None:
    _, started = await channel.watch()
    await channel.end()
    channel.scene.clock.advance(20)
    playlist = await channel.get(started, "h264-360/index.m3u8")
    assert playlist.rstrip().endswith("#EXT-X-ENDLIST")
    assert read(playlist)[-1].at + timedelta(seconds=2) == channel.scene.clock() - timedelta(seconds=20)
    root = ElementTree.fromstring(await channel.get(started, "manifest.mpd"))
    assert root.attrib["mediaPresentationDuration"] == "PT32.000S"
    assert "minimumUpdatePeriod" not in root.attrib


async def test_a_live_session_beats_and_stops_without_a_place_to_go_on(channel: Channel) -> None:
    viewer, started = await channel.watch()
    async with channel.scene.runtime.work() as work:
        beat = await heartbeat(
            work, viewer=viewer, keyring=channel.scene.runtime.keyring, session_id=started.session.id, sequence=1,
            position_s=98_765.4, state=PlayerState.PLAYING, address=ADDRESS,
        )  # fmt: skip
    assert beat.session.stream_id == channel.stream.id
    async with channel.scene.runtime.work() as work:
        await stop_playback(work, viewer=viewer, session_id=started.session.id, sequence=2, position_s=98_777.0)
    point = (viewer.profile_id, channel.stream.title_id)
    assert await resume_points_of(channel.scene.runtime.reads(), [point]) == [None]


async def test_withheld_tracks_stay_withheld_live(channel: Channel) -> None:
    async with channel.scene.runtime.work() as work:
        viewer = await create_viewer(work)
        await grant_access(work, account_id=viewer.account_id, plan=Plan.BASIC, source="test")
    async with channel.scene.runtime.work() as work:
        started = await start_playback(
            work, viewer=viewer, keyring=channel.scene.runtime.keyring, title_id=channel.stream.title_id,
            address=ADDRESS, idempotency_key=uuid4().hex,
        )  # fmt: skip
    assert "h264-1080" not in await channel.get(started, "manifest.mpd")
    async with channel.scene.client() as client:
        assert (await client.get(f"/play/{started.token}/h264-1080/index.m3u8")).status_code == 403
