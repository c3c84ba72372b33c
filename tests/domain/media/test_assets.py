"""Assets: created once, made step by step exactly, called off, tried again, and seen by whom they belong to."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts import Viewer
from domain.kernel.bus import Bus
from domain.kernel.idempotency import IdempotencyKeyReused
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, Refusal, SignInRequired
from domain.kernel.work import Database, Reads, Work
from domain.media import transcoding
from domain.media.asset import Asset, AssetId, AssetState, InputKind, Rejection, StepKind, StepRef, topic_of
from domain.media.assets import (
    AssetInProgress,
    AssetNotFailed,
    AssetSettled,
    AudioUpload,
    SubtitleUpload,
    UploadNotComplete,
    assets_by_id,
    assets_of_titles,
    cancel_asset,
    create_asset,
    ready_asset_of_titles,
    resume_assets,
    retry_asset,
    transcode_progress,
    visible_assets,
)
from domain.media.cleaning import Leftovers, leftovers_of
from domain.media.ladder import TrackClass
from domain.media.package import TrackKind
from domain.media.packager import Packaged, Representation, Scheme
from domain.media.packages import (
    BuiltPackage,
    Pictures,
    begin_packages,
    finish_packages,
    object_prefix_of,
    packages_of_assets,
)
from domain.media.recipe import Recipe
from domain.media.source import UnplayableReason
from domain.media.store import asset_steps as steps_store
from domain.media.transcoding import (
    StepSuperseded,
    begin_step,
    fail_asset,
    finish_step,
    record_probe,
    reject_asset,
    report_packaging,
    report_step,
)
from tests.arrange import complete_upload, create_draft, create_editor, create_viewer, receiving_upload
from tests.media_plans import a_plan, a_probe

STEPS = 4  # Three chunks and one sound track.


@pytest.fixture
async def editor(work: Work) -> Viewer:
    return await create_editor(work)


@pytest.fixture
async def title_id(work: Work, editor: Viewer) -> UUID:
    return await create_draft(work, viewer=editor)


async def an_upload(work: Work, viewer: Viewer) -> UUID:
    return (await complete_upload(work, viewer=viewer, size_bytes=10))[0]


async def an_asset(work: Work, editor: Viewer, title_id: UUID, **options: object) -> Asset:
    upload_id = await an_upload(work, editor)
    return await create_asset(work, viewer=editor, upload_id=upload_id, title_id=title_id, **options)  # type: ignore[arg-type]  # the options of create_asset, passed through


async def encoding(work: Work, editor: Viewer, title_id: UUID) -> Asset:
    """An asset whose steps are all to be done."""
    asset = await an_asset(work, editor, title_id)
    await record_probe(work, asset=asset, probe=a_probe(), recipe=Recipe(a_plan()))
    return await loaded(work, asset.id)


async def loaded(work: Work, asset_id: UUID) -> Asset:
    from domain.media.store import assets as store

    asset = (await store.assets_by_id(work.connection, [asset_id]))[0]
    assert asset is not None
    return asset


def refs(asset_id: AssetId) -> list[StepRef]:
    return list(Recipe(a_plan()).steps(asset_id))


async def do_step(work: Work, ref: StepRef) -> None:
    start = await begin_step(work, ref=ref)
    assert start is not None
    await finish_step(work, start=start, objects={"made": f"{start.object_prefix}made.mp4"})


async def queued(connection: AsyncConnection) -> list[str]:
    rows = await connection.execute(text("SELECT entrypoint FROM pgqueuer WHERE status = 'queued' ORDER BY id"))
    return [row.entrypoint for row in rows if row.entrypoint.startswith("media.")]


async def facts_of(work: Work, asset_id: UUID) -> list[str]:
    await work.write_facts()
    rows = await work.connection.execute(
        text('SELECT kind FROM facts WHERE topic = :topic ORDER BY "offset"'), {"topic": topic_of(asset_id)}
    )
    return [row.kind for row in rows]


async def count_assets(work: Work) -> int:
    return int((await work.connection.execute(text("SELECT count(*) FROM assets"))).scalar_one())


async def test_a_complete_upload_becomes_an_asset_and_is_probed(work: Work, editor: Viewer, title_id: UUID) -> None:
    upload_id = await an_upload(work, editor)
    subtitles = await an_upload(work, editor)
    sound = await an_upload(work, editor)
    asset = await create_asset(
        work, viewer=editor, upload_id=upload_id, title_id=title_id,
        subtitles=[SubtitleUpload(subtitles, "deu", InputKind.CAPTIONS)], audio=[AudioUpload(sound, "pt-br")],
        schemes=[Scheme.CENC, Scheme.CBCS, Scheme.CENC], priority=3,
    )  # fmt: skip
    assert asset == replace(
        asset, account_id=editor.account_id, title_id=title_id, upload_id=upload_id, state=AssetState.PROBING,
        priority=3, schemes=(Scheme.CBCS, Scheme.CENC), rejection=None, failure=None, duration_s=None, progress=0.0,
        created_at=work.now, ready_at=None,
    )  # fmt: skip
    source = await transcoding.source_of(work, asset_id=asset.id)
    assert source is not None
    assert [(one.kind, one.language) for one in source.inputs] == [
        (InputKind.AUDIO, "pt-BR"), (InputKind.CAPTIONS, "de"),
    ]  # fmt: skip
    assert await queued(work.connection) == ["media.probe"]


async def refused(work: Work, kind: type[Refusal], attempt: Awaitable[object]) -> Refusal:
    """Await a call that must be refused and must leave no asset and no job."""
    before = (await count_assets(work), await queued(work.connection))
    with pytest.raises(kind) as caught:
        await attempt
    assert (await count_assets(work), await queued(work.connection)) == before
    return caught.value


async def test_only_editors_create_assets(work: Work, editor: Viewer, title_id: UUID) -> None:
    upload_id = await an_upload(work, editor)
    plain = await create_viewer(work)
    for viewer, kind in ((None, SignInRequired), (plain, Forbidden)):
        await refused(work, kind, create_asset(work, viewer=viewer, upload_id=upload_id, title_id=title_id))


async def test_another_accounts_upload_looks_like_none(work: Work, editor: Viewer, title_id: UUID) -> None:
    other = await create_editor(work)
    mine, theirs = await an_upload(work, editor), await an_upload(work, other)
    absent = uuid4()
    for id in (theirs, absent):
        refusal = await refused(work, NotFound, create_asset(work, viewer=editor, upload_id=id, title_id=title_id))
        assert (refusal.what, refusal.id) == ("upload", str(id))  # type: ignore[attr-defined]  # a NotFound
        subtitles = [SubtitleUpload(id, "de")]
        await refused(
            work, NotFound,
            create_asset(work, viewer=editor, upload_id=mine, title_id=title_id, subtitles=subtitles),
        )  # fmt: skip


async def test_an_upload_that_has_not_arrived_is_refused(work: Work, editor: Viewer, title_id: UUID) -> None:
    upload_id = await receiving_upload(work, viewer=editor)
    refusal = await refused(
        work, UploadNotComplete, create_asset(work, viewer=editor, upload_id=upload_id, title_id=title_id)
    )
    assert refusal.upload_id == str(upload_id)  # type: ignore[attr-defined]  # an UploadNotComplete
    assert refusal.state != "COMPLETE"  # type: ignore[attr-defined]  # an UploadNotComplete


async def test_a_missing_title_is_refused(work: Work, editor: Viewer) -> None:
    upload_id, absent = await an_upload(work, editor), uuid4()
    refusal = await refused(work, NotFound, create_asset(work, viewer=editor, upload_id=upload_id, title_id=absent))
    assert (refusal.what, refusal.id) == ("title", str(absent))  # type: ignore[attr-defined]  # a NotFound


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"schemes": []}, "schemes"),
        ({"priority": 11}, "priority"),
        ({"subtitles": [SubtitleUpload(UUID(int=1), "nonsense!")]}, "subtitles"),
        ({"audio": [AudioUpload(UUID(int=1), "")]}, "audio"),
        ({"subtitles": [SubtitleUpload(UUID(int=1), "de"), SubtitleUpload(UUID(int=2), "deu")]}, "subtitles"),
        ({"subtitles": [SubtitleUpload(UUID(int=1), "de", InputKind.AUDIO)]}, "subtitles"),
        ({"subtitles": [SubtitleUpload(UUID(int=1), "de")] * 41}, "subtitles"),
    ],
)
async def test_unusable_options_are_refused(
    work: Work, editor: Viewer, title_id: UUID, options: dict[str, object], field: str
) -> None:
    upload_id = await an_upload(work, editor)
    refusal = await refused(
        work, InvalidInput,
        create_asset(work, viewer=editor, upload_id=upload_id, title_id=title_id, **options),  # type: ignore[arg-type]  # bad on purpose
    )  # fmt: skip
    assert refusal.field == field  # type: ignore[attr-defined]  # an InvalidInput


async def test_the_same_upload_for_the_same_title_is_made_once_at_a_time(
    work: Work, editor: Viewer, title_id: UUID
) -> None:
    upload_id = await an_upload(work, editor)
    first = await create_asset(work, viewer=editor, upload_id=upload_id, title_id=title_id)
    refusal = await refused(
        work, AssetInProgress, create_asset(work, viewer=editor, upload_id=upload_id, title_id=title_id)
    )
    assert refusal.asset_id == str(first.id)  # type: ignore[attr-defined]  # an AssetInProgress
    await cancel_asset(work, viewer=editor, asset_id=first.id)
    again = await create_asset(work, viewer=editor, upload_id=upload_id, title_id=title_id)
    assert again.id != first.id


async def test_a_repeated_key_returns_the_first_asset(work: Work, editor: Viewer, title_id: UUID) -> None:
    upload_id, other = await an_upload(work, editor), await an_upload(work, editor)
    call = {"viewer": editor, "title_id": title_id, "idempotency_key": "one-click"}
    first = await create_asset(work, upload_id=upload_id, **call)  # type: ignore[arg-type]  # named above
    assert await create_asset(work, upload_id=upload_id, **call) == first  # type: ignore[arg-type]  # named above
    await refused(work, IdempotencyKeyReused, create_asset(work, upload_id=other, **call))  # type: ignore[arg-type]  # named above


async def test_a_probed_source_is_planned_and_every_step_enqueued(
    work: Work, reads: Reads, editor: Viewer, title_id: UUID
) -> None:
    asset = await encoding(work, editor, title_id)
    assert (asset.state, asset.duration_s, asset.width, asset.height, asset.hdr) == (
        AssetState.ENCODING, 12.0, 1920, 1080, False,
    )  # fmt: skip
    assert await queued(work.connection) == ["media.probe"] + ["media.encode_chunk"] * 3 + ["media.encode_audio"]
    assert await transcoding.recipe_of(work, asset_id=asset.id) == Recipe(a_plan())
    assert await facts_of(work, asset.id) == ["AssetProbed"]
    progress = await transcode_progress(reads, asset.id)
    assert progress is not None
    assert (progress.fraction, progress.chunks_done, progress.chunks_total) == (0.0, 0, 3)
    with pytest.raises(StepSuperseded):
        await record_probe(work, asset=asset, probe=a_probe(), recipe=Recipe(a_plan()))


async def test_a_rejected_source_says_why_and_is_not_made(work: Work, editor: Viewer, title_id: UUID) -> None:
    asset = await an_asset(work, editor, title_id)
    rejection = Rejection(UnplayableReason.TRUNCATED.value, "ends at 3.2 s of 10.0 s")
    await reject_asset(work, asset_id=asset.id, rejection=rejection)
    now = await loaded(work, asset.id)
    assert (now.state, now.rejection) == (AssetState.REJECTED, rejection)
    assert await facts_of(work, asset.id) == ["AssetRejected"]
    assert await transcoding.source_of(work, asset_id=asset.id) is None
    with pytest.raises(StepSuperseded):
        await reject_asset(work, asset_id=asset.id, rejection=rejection)


async def test_progress_adds_up_by_weight(work: Work, reads: Reads, editor: Viewer, title_id: UUID) -> None:
    asset = await encoding(work, editor, title_id)
    weights = Recipe(a_plan()).steps(asset.id)
    first, second, *_ = refs(asset.id)
    await do_step(work, first)
    start = await begin_step(work, ref=second)
    assert start is not None
    await report_step(work, start=start, fraction=0.5, speed=2.0)
    progress = await transcode_progress(reads, asset.id)
    assert progress is not None
    encoded = (weights[first] + weights[second] / 2) / sum(weights.values())
    assert progress.fraction == pytest.approx(0.9 * encoded)
    assert (progress.chunks_done, progress.chunks_total, progress.speed) == (1, 3, 2.0)
    assert progress.eta_s == pytest.approx(12.0 * (1 - encoded) / 2.0)
    assert topic_of(asset.id) in work.rung


async def test_a_finished_step_is_never_begun_again(work: Work, editor: Viewer, title_id: UUID) -> None:
    asset = await encoding(work, editor, title_id)
    ref = refs(asset.id)[0]
    await do_step(work, ref)
    assert await begin_step(work, ref=ref) is None


async def test_an_attempt_that_was_overtaken_changes_nothing(work: Work, editor: Viewer, title_id: UUID) -> None:
    asset = await encoding(work, editor, title_id)
    ref = refs(asset.id)[0]
    late = await begin_step(work, ref=ref)
    now = await begin_step(work, ref=ref)
    assert late is not None
    assert now is not None
    assert (late.attempt, now.attempt) == (1, 2)
    assert late.object_prefix != now.object_prefix
    await finish_step(work, start=now, objects={"made": "b"})
    for write in (
        report_step(work, start=late, fraction=0.9, speed=1.0),
        finish_step(work, start=late, objects={"made": "a"}),
        finish_step(work, start=now, objects={"made": "c"}),
    ):
        with pytest.raises(StepSuperseded):
            await write
    assert [result.objects for result in await steps_store.results(work.connection, asset.id)] == [{"made": "b"}]
    assert (await steps_done(work.connection, asset.id)) == (1, STEPS)


async def steps_done(connection: AsyncConnection, asset_id: UUID) -> tuple[int, int]:
    row = (
        await connection.execute(text("SELECT steps_done, steps_total FROM assets WHERE id = :id"), {"id": asset_id})
    ).one()
    return (row.steps_done, row.steps_total)


async def test_the_last_step_and_no_other_enqueues_the_packaging(work: Work, editor: Viewer, title_id: UUID) -> None:
    asset = await encoding(work, editor, title_id)
    for ref in refs(asset.id)[:-1]:
        await do_step(work, ref)
        assert "media.package" not in await queued(work.connection)
    await do_step(work, refs(asset.id)[-1])
    assert (await queued(work.connection)).count("media.package") == 1
    assert (await loaded(work, asset.id)).state is AssetState.PACKAGING
    assert await facts_of(work, asset.id) == ["AssetProbed", "AssetEncoded"]


Count = Callable[[AsyncConnection, AssetId], Awaitable[AssetState | None]]


async def finish_the_last_two_at_once(database: Database, bus: Bus) -> tuple[AssetState, int]:
    """Finish the last two steps in overlapping transactions; return the asset's state and the packaging jobs."""
    async with database.work(bus=bus) as work:
        editor = await create_editor(work)
        asset = await encoding(work, editor, await create_draft(work, viewer=editor))
        for ref in refs(asset.id)[:-2]:
            await do_step(work, ref)
    one, other = refs(asset.id)[-2:]

    async def finish(ref: StepRef) -> None:
        async with database.work(bus=bus) as work:
            await do_step(work, ref)

    async with database.work(bus=bus) as work:
        await do_step(work, one)
        # The other finishes while this one has not committed; a correct count makes it wait.
        second = asyncio.create_task(finish(other))
        await asyncio.wait({second}, timeout=0.5)
    await second
    async with database.work(bus=bus) as work:
        return (await loaded(work, asset.id)).state, (await queued(work.connection)).count("media.package")


async def test_two_steps_that_finish_at_the_same_instant_package_once(database: Database, bus: Bus) -> None:
    assert await finish_the_last_two_at_once(database, bus) == (AssetState.PACKAGING, 1)


async def test_the_race_catches_a_twin_that_looks_for_unfinished_steps_instead_of_counting(
    database: Database, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def look(connection: AsyncConnection, asset_id: AssetId) -> AssetState | None:
        left = await steps_store.unfinished(connection, asset_id)
        return AssetState.ENCODING if left else AssetState.PACKAGING

    monkeypatch.setattr(steps_store, "count_finished", look)
    _, packaging_jobs = await finish_the_last_two_at_once(database, bus)
    assert packaging_jobs == 0, "each saw the other's step undone, and nobody packages"


async def test_two_hurried_clicks_make_one_asset(database: Database, bus: Bus) -> None:
    async with database.work(bus=bus) as work:
        editor = await create_editor(work)
        title_id = await create_draft(work, viewer=editor)
        upload_id = await an_upload(work, editor)

    async def click() -> object:
        try:
            async with database.work(bus=bus) as work:
                return (await create_asset(work, viewer=editor, upload_id=upload_id, title_id=title_id)).id
        except AssetInProgress as refusal:
            return refusal

    answers = await asyncio.gather(*(click() for _ in range(8)))
    made = [answer for answer in answers if isinstance(answer, UUID)]
    assert len(made) == 1
    assert {answer.asset_id for answer in answers if isinstance(answer, AssetInProgress)} == {str(made[0])}


async def test_a_cancelled_asset_stops_for_good(work: Work, editor: Viewer, title_id: UUID) -> None:
    asset = await encoding(work, editor, title_id)
    start = await begin_step(work, ref=refs(asset.id)[0])
    assert start is not None
    cancelled = await cancel_asset(work, viewer=editor, asset_id=asset.id)
    assert cancelled.state is AssetState.CANCELLED
    assert await queued(work.connection) == ["media.clean", "media.clean"]
    assert await facts_of(work, asset.id) == ["AssetProbed", "AssetCancelled"]
    with pytest.raises(StepSuperseded):
        await finish_step(work, start=start, objects={"made": "a"})
    assert await begin_step(work, ref=refs(asset.id)[1]) is None
    with pytest.raises(AssetSettled) as refusal:
        await cancel_asset(work, viewer=editor, asset_id=asset.id)
    assert refusal.value.state == "CANCELLED"
    with pytest.raises(AssetNotFailed):
        await retry_asset(work, viewer=editor, asset_id=asset.id)


async def test_a_failed_asset_goes_on_from_its_finished_steps(work: Work, editor: Viewer, title_id: UUID) -> None:
    asset = await encoding(work, editor, title_id)
    first, *rest = refs(asset.id)
    await do_step(work, first)
    assert await fail_asset(work, asset_id=asset.id, failure="the encoder gave up") is True
    assert await fail_asset(work, asset_id=asset.id, failure="again") is False
    failed = await loaded(work, asset.id)
    assert (failed.state, failed.failure) == (AssetState.FAILED, "the encoder gave up")
    assert set(await queued(work.connection)) == {"media.clean"}
    retried = await retry_asset(work, viewer=editor, asset_id=asset.id)
    assert (retried.state, retried.failure) == (AssetState.ENCODING, None)
    assert (await queued(work.connection))[3:] == ["media.encode_audio", "media.encode_chunk", "media.encode_chunk"]
    for ref in rest:
        await do_step(work, ref)
    assert (await loaded(work, asset.id)).state is AssetState.PACKAGING
    assert await facts_of(work, asset.id) == ["AssetProbed", "AssetFailed", "AssetRetried", "AssetEncoded"]
    with pytest.raises(AssetNotFailed) as refusal:
        await retry_asset(work, viewer=editor, asset_id=asset.id)
    assert refusal.value.state == "PACKAGING"


async def test_a_retry_of_a_failed_packaging_packages_again(work: Work, editor: Viewer, title_id: UUID) -> None:
    asset = await encoding(work, editor, title_id)
    for ref in refs(asset.id):
        await do_step(work, ref)
    await fail_asset(work, asset_id=asset.id, failure="disk full")
    assert (await retry_asset(work, viewer=editor, asset_id=asset.id)).state is AssetState.PACKAGING
    assert (await queued(work.connection)).count("media.package") == 1


async def test_assets_of_others_cannot_be_seen_cancelled_or_retried(
    work: Work, reads: Reads, editor: Viewer, title_id: UUID
) -> None:
    asset = await encoding(work, editor, title_id)
    other, plain = await create_editor(work), await create_viewer(work)
    for verb in (cancel_asset, retry_asset):
        for viewer, id in ((other, asset.id), (editor, uuid4())):
            with pytest.raises(NotFound):
                await verb(work, viewer=viewer, asset_id=id)
        with pytest.raises(Forbidden):
            await verb(work, viewer=plain, asset_id=asset.id)
        with pytest.raises(SignInRequired):
            await verb(work, viewer=None, asset_id=asset.id)
    assert (await loaded(work, asset.id)).state is AssetState.ENCODING
    keys = [uuid4(), asset.id]
    assert await visible_assets(reads, keys, viewer=editor) == [None, asset]
    for viewer in (other, plain, None):
        assert await visible_assets(reads, keys, viewer=viewer) == [None, None]


def a_packaged(kid: UUID) -> Packaged:
    from pathlib import Path

    video = Representation(
        id="h264-360", kind="video", track_class=TrackClass.SD, kid=kid, bandwidth=500_000, width=640, height=360,
        frame_rate=25.0, codec="avc1.64001e", language=None, label=None,
    )  # fmt: skip
    captions = Representation(
        id="text-0", kind="text", track_class=None, kid=None, bandwidth=300, width=None, height=None,
        frame_rate=None, codec="wvtt", language="de", label="Deutsch",
    )  # fmt: skip
    return Packaged(folder=Path(), files=(), duration_s=12.0, representations=(video, captions))


async def make_ready(work: Work, asset: Asset) -> UUID:
    for ref in refs(asset.id):
        await do_step(work, ref)
    asset = await loaded(work, asset.id)
    (package_id,) = (await begin_packages(work, asset=asset)).values()
    built = [BuiltPackage(package_id, a_packaged(UUID(int=7)), 1000)]
    await finish_packages(work, asset=asset, built=built, segment_s=4.0, pictures=Pictures((320, 640), True))
    return package_id


async def test_an_asset_is_ready_with_its_package_and_tracks_at_once(
    work: Work, reads: Reads, editor: Viewer, title_id: UUID
) -> None:
    asset = await encoding(work, editor, title_id)
    package_id = await make_ready(work, asset)
    (ready,) = await assets_by_id(reads, [asset.id])
    assert ready is not None
    assert (ready.state, ready.ready_at, ready.progress) == (AssetState.READY, work.now, 1.0)
    assert (ready.poster_widths, ready.has_thumbnails) == ((320, 640), True)
    ((package,),) = await packages_of_assets(reads, [asset.id])
    assert (package.id, package.scheme, package.duration_s, package.segment_s, package.size_bytes) == (
        package_id, Scheme.CENC, 12.0, 4.0, 1000,
    )  # fmt: skip
    assert package.object_prefix == object_prefix_of(asset.id, package_id)
    assert [(track.kind, track.label, track.track_class, track.kid) for track in package.tracks] == [
        (TrackKind.VIDEO, "360p", TrackClass.SD, UUID(int=7)), (TrackKind.TEXT, "Deutsch", None, None),
    ]  # fmt: skip
    assert (await facts_of(work, asset.id))[-1] == "AssetReady"
    with pytest.raises(AssetSettled):
        await cancel_asset(work, viewer=editor, asset_id=asset.id)


async def test_a_title_plays_the_asset_that_became_ready_last(
    work: Work, reads: Reads, editor: Viewer, title_id: UUID
) -> None:
    first = await encoding(work, editor, title_id)
    assert await ready_asset_of_titles(reads, [title_id]) == [None]
    await make_ready(work, first)
    second = await encoding(work, editor, title_id)
    (playing,) = await ready_asset_of_titles(reads, [title_id])
    assert playing is not None
    assert playing.id == first.id
    await work.connection.execute(
        text("UPDATE assets SET ready_at = ready_at - interval '1 hour' WHERE id = :id"), {"id": first.id}
    )
    await make_ready(work, second)
    nothing, playing = await ready_asset_of_titles(reads, [uuid4(), title_id])
    assert nothing is None
    assert playing is not None
    assert playing.id == second.id
    (both,) = await assets_of_titles(reads, [title_id])
    assert {asset.id for asset in both} == {first.id, second.id}


async def test_packages_of_an_asset_that_moved_on_are_refused(work: Work, editor: Viewer, title_id: UUID) -> None:
    asset = await encoding(work, editor, title_id)
    for ref in refs(asset.id):
        await do_step(work, ref)
    (package_id,) = (await begin_packages(work, asset=asset)).values()
    await cancel_asset(work, viewer=editor, asset_id=asset.id)
    built = [BuiltPackage(package_id, a_packaged(UUID(int=7)), 1000)]
    async with work.connection.begin_nested() as savepoint:
        with pytest.raises(StepSuperseded):
            await finish_packages(work, asset=asset, built=built, segment_s=4.0, pictures=Pictures((), False))
        await savepoint.rollback()
    assert (await loaded(work, asset.id)).state is AssetState.CANCELLED


async def test_what_an_ended_asset_leaves_is_named_for_removal(work: Work, editor: Viewer, title_id: UUID) -> None:
    running = await encoding(work, editor, title_id)
    assert await leftovers_of(work, asset_id=running.id, gives_up=True) == Leftovers()
    for ref in refs(running.id):
        await do_step(work, ref)
    (package_id,) = (await begin_packages(work, asset=running)).values()
    begun = object_prefix_of(running.id, package_id)
    await fail_asset(work, asset_id=running.id, failure="no room")
    assert await leftovers_of(work, asset_id=running.id, gives_up=False) == Leftovers((begun,), (), (begun,))
    given_up = await leftovers_of(work, asset_id=running.id, gives_up=True)
    assert len(given_up.keys) == STEPS
    assert await steps_done(work.connection, running.id) == (0, STEPS)
    assert (await retry_asset(work, viewer=editor, asset_id=running.id)).state is AssetState.ENCODING
    await cancel_asset(work, viewer=editor, asset_id=running.id)
    assert await leftovers_of(work, asset_id=running.id, gives_up=False) == Leftovers(
        (f"work/{running.id}/", f"packages/{running.id}/"), (), (begun,)
    )


async def test_an_asset_whose_jobs_were_lost_is_picked_up_again(work: Work, editor: Viewer, title_id: UUID) -> None:
    asset = await encoding(work, editor, title_id)
    await do_step(work, refs(asset.id)[0])
    assert await resume_assets(work) == 0
    await work.connection.execute(text("DELETE FROM pgqueuer"))
    assert await resume_assets(work) == 0, "it may just have been created"
    await work.connection.execute(text("UPDATE assets SET created_at = created_at - interval '2 minutes'"))
    assert await resume_assets(work) == 1
    assert await queued(work.connection) == ["media.encode_audio", "media.encode_chunk", "media.encode_chunk"]
    assert await resume_assets(work) == 0


async def test_packaging_progress_is_the_last_tenth(work: Work, reads: Reads, editor: Viewer, title_id: UUID) -> None:
    asset = await encoding(work, editor, title_id)
    for ref in refs(asset.id):
        await do_step(work, ref)
    await report_packaging(work, asset_id=asset.id, fraction=0.5)
    progress = await transcode_progress(reads, asset.id)
    assert progress is not None
    assert progress.fraction == pytest.approx(0.95)
    assert (progress.chunks_done, progress.chunks_total, progress.speed) == (3, 3, None)


async def test_there_is_no_progress_of_no_asset(reads: Reads) -> None:
    assert await transcode_progress(reads, uuid4()) is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE assets SET state = 'READY'",
        "UPDATE assets SET state = 'PACKAGING'",
        "UPDATE assets SET state = 'FAILED'",
        "UPDATE assets SET steps_done = steps_total + 1",
        "UPDATE assets SET state = 'REJECTED', plan = NULL",
        "UPDATE asset_steps SET state = 'DONE'",
        "UPDATE asset_steps SET fraction = 1.1",
        "UPDATE assets SET schemes = '{rot13}'",
    ],
)
async def test_the_database_holds_the_invariants(work: Work, editor: Viewer, title_id: UUID, statement: str) -> None:
    await encoding(work, editor, title_id)
    with pytest.raises(IntegrityError):
        async with work.connection.begin_nested():
            await work.connection.execute(text(statement))


def test_steps_have_an_entrypoint_each() -> None:
    from domain.media.media_jobs import STEP_ENTRYPOINTS

    assert set(STEP_ENTRYPOINTS) == set(StepKind)
