"""A published title with ready media and somebody who may watch it, for tests about playing."""

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import text

from domain.accounts import Role, Viewer, create_account, sign_in
from domain.catalog import TitleKind, create_title, grant_right, publish_title
from domain.entitlements import Plan, grant_access
from domain.kernel.work import Work
from tests.arrange import complete_upload, create_editor

DURATION_S = 600.0


@dataclass(frozen=True)
class Playable:
    """A title that can be played."""

    editor: Viewer
    title_id: UUID
    asset_id: UUID


async def create_playable(
    work: Work, *, territory: str = "*", maturity_age: int = 0, kind: TitleKind = TitleKind.MOVIE
) -> Playable:
    """Publish a title of ten minutes with a right that opened a day ago."""
    editor = await create_editor(work)
    starts_at = work.now if kind is TitleKind.LIVE_EVENT else None
    title = await create_title(
        work, viewer=editor, kind=kind, language="en", name="Film", maturity_age=maturity_age, starts_at=starts_at
    )
    opens_at = work.now - timedelta(days=1)
    await grant_right(work, viewer=editor, title_id=title.id, territory=territory, opens_at=opens_at)
    await publish_title(work, viewer=editor, title_id=title.id, expected_version=title.version)
    asset_id = await _ready_asset(work, editor, title.id)
    return Playable(editor, title.id, asset_id)


async def create_subscriber(
    work: Work, *, plan: Plan | None = Plan.PREMIUM, territory: str = "DE", maturity_limit: int = 18
) -> Viewer:
    """Sign a new person in who holds a plan."""
    account = await create_account(
        work,
        email=f"{uuid4().hex}@example.com",
        display_name="Ada",
        territory=territory,
        roles=frozenset({Role.VIEWER}),
        maturity_limit=maturity_limit,
    )
    if plan is not None:
        await grant_access(work, account_id=account.id, plan=plan, source="test")
    return (await sign_in(work, account_id=account.id, device_name="Television")).viewer


async def on_another_device(work: Work, viewer: Viewer) -> Viewer:
    """Sign the same person in on one more device."""
    return (await sign_in(work, account_id=viewer.account_id, device_name="Phone")).viewer


def disguised(viewer: Viewer, other: Viewer) -> Viewer:
    """Return `viewer` claiming the device of another."""
    return replace(viewer, device_id=other.device_id)


async def _ready_asset(work: Work, editor: Viewer, title_id: UUID) -> UUID:
    upload_id, _ = await complete_upload(work, viewer=editor, size_bytes=1000)
    asset_id = work.new_id()
    # What makes an asset ready is tested with the workers; here it only has to be so.
    await work.connection.execute(
        text(
            "INSERT INTO assets (id, account_id, title_id, upload_id, state, priority, schemes, plan, duration_s,"
            " width, height, hdr, steps_total, steps_done, packaging_fraction, created_at, ready_at)"
            " VALUES (:id, :account_id, :title_id, :upload_id, 'READY', 0, '{cenc}', '{}', :duration_s, 1920, 1080,"
            " false, 1, 1, 1, :now, :now)"
        ),
        {
            "id": asset_id,
            "account_id": editor.account_id,
            "title_id": title_id,
            "upload_id": upload_id,
            "duration_s": DURATION_S,
            "now": work.now,
        },
    )
    return asset_id
