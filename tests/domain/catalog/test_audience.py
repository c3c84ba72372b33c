"""Who finds what: by territory, window, class of device and age, the national one first."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from domain.accounts import DeviceClass, Viewer
from domain.catalog import RightOverlaps, TitleKind, create_title, grant_right, publish_title, ratings, visible_titles
from domain.kernel.refusals import InvalidInput
from domain.kernel.work import Work
from tests.arrange import create_editor, create_viewer


async def film(
    work: Work,
    editor: Viewer,
    *,
    age: int = 0,
    territory: str = "*",
    devices: Sequence[DeviceClass] | None = None,
    rated: Sequence[tuple[str, str]] = (),
) -> UUID:
    title = await create_title(work, viewer=editor, kind=TitleKind.MOVIE, language="en", name="x", maturity_age=age)
    await grant_right(
        work,
        viewer=editor,
        title_id=title.id,
        territory=territory,
        opens_at=work.now - timedelta(days=1),
        device_classes=devices,
    )
    if rated:
        await ratings.set_ratings(work, viewer=editor, title_id=title.id, ratings=rated, expected_version=1)
    await publish_title(work, viewer=editor, title_id=title.id, expected_version=2 if rated else 1)
    return title.id


async def finds(work: Work, id: UUID, viewer: Viewer | None) -> bool:
    (found,) = await visible_titles(work.reads(), [id], viewer=viewer)
    return found is not None


async def test_a_right_for_some_devices_hides_it_from_others(work: Work) -> None:
    editor, viewer = await create_editor(work), await create_viewer(work)
    id = await film(work, editor, devices=[DeviceClass.TV, DeviceClass.MOBILE])
    by_class = {one: await finds(work, id, replace(viewer, device_class=one)) for one in DeviceClass}
    assert by_class == {
        DeviceClass.WEB: False,
        DeviceClass.MOBILE: True,
        DeviceClass.TV: True,
        DeviceClass.CONSOLE: False,
    }
    # A stranger has told nothing about its device, and counts as a browser.
    assert not await finds(work, id, None)
    assert await finds(work, id, editor)


@pytest.mark.parametrize(
    ("age", "rated", "territory", "limit", "found"),
    [
        (12, (), "DE", 12, True),
        (13, (), "DE", 12, False),
        (16, [("FSK", "12")], "DE", 12, True),
        (6, [("FSK", "16")], "DE", 12, False),
        (6, [("FSK", "16")], "GB", 12, True),
        (6, [("MPA", "PG"), ("TVPG", "TV-MA")], "US", 12, False),
        (18, [("FSK", "0")], "AT", 12, False),
    ],
)
async def test_the_national_rating_decides_and_else_the_titles_own_age(
    work: Work, age: int, rated: Sequence[tuple[str, str]], territory: str, limit: int, found: bool
) -> None:
    editor, viewer = await create_editor(work), await create_viewer(work)
    id = await film(work, editor, age=age, rated=rated)
    assert await finds(work, id, replace(viewer, territory=territory, maturity_limit=limit)) is found
    assert await finds(work, id, None)


async def test_rights_for_other_devices_or_plans_may_overlap(work: Work) -> None:
    editor = await create_editor(work)
    id = await film(work, editor, territory="DE")
    given = {"viewer": editor, "title_id": id, "territory": "DE", "opens_at": work.now - timedelta(days=2)}
    await grant_right(work, **given, device_classes=[DeviceClass.TV])
    await grant_right(work, **given, plans=["PREMIUM"])
    for same in ({}, {"device_classes": [DeviceClass.TV, DeviceClass.TV]}, {"plans": ["PREMIUM"]}):
        with pytest.raises(RightOverlaps):
            await grant_right(work, **given, **same)  # type: ignore[arg-type]  # one of several
    for nothing in ({"device_classes": []}, {"plans": []}):
        with pytest.raises(InvalidInput):
            await grant_right(work, **given, **nothing)  # type: ignore[arg-type]  # one of several
