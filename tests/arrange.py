"""People, titles and uploads for tests, arranged through the verbs of their contexts."""

from uuid import UUID, uuid4

from sqlalchemy import text

from domain.accounts import Factor, Role, Viewer, create_account, sign_in
from domain.catalog import TitleKind, create_title
from domain.kernel.work import Work
from domain.media.upload import UploadLimits
from domain.media.uploads import create_upload

# As somebody signs in who has a second factor: with all of their roles.
CONFIRMED = frozenset({Factor.PASSWORD, Factor.CODE, Factor.MULTIPLE})
LIMITS = UploadLimits(max_size_bytes=1 << 40, ttl_s=3600)


async def create_viewer(work: Work, *, roles: frozenset[Role] = frozenset({Role.VIEWER})) -> Viewer:
    """Sign a new person in."""
    email = f"{uuid4().hex}@example.com"
    account = await create_account(work, email=email, display_name="Ada", territory="DE", roles=roles)
    return (await sign_in(work, account_id=account.id, device_name="Test", factors=CONFIRMED)).viewer


async def create_editor(work: Work) -> Viewer:
    """Sign a new editor in."""
    return await create_viewer(work, roles=frozenset({Role.VIEWER, Role.EDITOR}))


async def create_draft(work: Work, *, viewer: Viewer) -> UUID:
    """Create a title that is not published."""
    title = await create_title(
        work, viewer=viewer, kind=TitleKind.CLIP, language="en", name="Test", synopsis="", release_year=2030,
        maturity_age=0,
    )  # fmt: skip
    return title.id


async def receiving_upload(work: Work, *, viewer: Viewer) -> UUID:
    """Announce an upload of which nothing has arrived."""
    return (await create_upload(work, viewer=viewer, size_bytes=10, limits=LIMITS)).id


async def complete_upload(work: Work, *, viewer: Viewer, size_bytes: int) -> tuple[UUID, str]:
    """Return an upload that has arrived as a whole, and the key where its object belongs; puts no object there."""
    upload = await create_upload(work, viewer=viewer, size_bytes=size_bytes, limits=LIMITS)
    key = f"uploads/{upload.id}/source-test"
    await work.connection.execute(
        text(
            "UPDATE uploads SET state = 'COMPLETE', offset_bytes = size_bytes, object_key = :key, expires_at = NULL"
            " WHERE id = :id"
        ),
        {"id": upload.id, "key": key},
    )
    return upload.id, key
