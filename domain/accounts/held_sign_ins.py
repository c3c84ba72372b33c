"""Sign-ins that a client holds on behalf of a person: they last as long as the client may, and are found by id."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from domain.accounts import store
from domain.accounts.people import DeviceClass, SignInId, Viewer
from domain.accounts.sign_in import sign_in
from domain.kernel.refusals import NotFound
from domain.kernel.work import Reads, Work

Proof = store.ProofRow


async def sign_in_client(
    work: Work,
    *,
    account_id: UUID,
    profile_id: UUID | None,
    proof: Proof,
    approved_by: SignInId | None,
    device_name: str,
    device_class: DeviceClass,
    lasts: timedelta,
) -> Viewer:
    """Sign an account in for a client, as one of its profiles or its first, without a token of its own.

    Raises:
        InvalidInput, NotFound: no such account or profile, or a suspended one; or who approved it has been signed out.
    """
    # Whoever ends all sign-ins of an account holds it: they wait for this one and end it too, or it sees theirs.
    await store.hold_accounts(work.connection, [account_id])
    if approved_by is not None and (await store.viewer_by_sign_in(work.connection, approved_by, now=work.now) is None):
        raise NotFound("sign-in", approved_by)
    # Nobody sits behind it who just proved themselves, so it never counts as that.
    signed_in = await sign_in(
        work,
        account_id=account_id,
        device_name=device_name,
        device_class=device_class,
        factors=proof.factors,
        lasts=lasts,
        confirmable=False,
    )
    sign_in_id, profile_id = signed_in.viewer.sign_in_id, profile_id or signed_in.viewer.profile_id
    held = await store.hold_sign_in(work.connection, sign_in_id, profile_id=profile_id)
    viewer = await store.viewer_by_sign_in(work.connection, sign_in_id, now=work.now) if held else None
    if viewer is None:
        raise NotFound("profile", profile_id)
    return viewer


async def viewer_by_sign_in(reads: Reads, sign_in_id: UUID) -> Viewer | None:
    """Return whose sign-in this is, or None when it has ended or run out, or its account is suspended."""
    async with reads.connection() as connection:
        return await store.viewer_by_sign_in(connection, sign_in_id, now=reads.now)


async def end_held_sign_ins(work: Work, *, sign_in_ids: Sequence[UUID]) -> int:
    """End sign-ins; return how many had not ended before."""
    return await store.end_held_sign_ins(work.connection, sign_in_ids, at=work.now)


async def proof_of(reads: Reads, sign_in_id: SignInId) -> Proof | None:
    """Return when and how the person behind a sign-in proved who they are."""
    async with reads.connection() as connection:
        return await store.proof_of(connection, sign_in_id)
