"""The jobs about people's own data: exports of everything, and erasure."""

from collections.abc import Mapping
from uuid import UUID

from domain.accounts import exporting
from domain.accounts.about_people import PERSONAL as ACCOUNTS
from domain.accounts.erasing import ERASE_ACCOUNT, ERASE_PROFILE, erase_account_now, erase_profile_now
from domain.authorization.about_people import PERSONAL as AUTHORIZATION
from domain.catalog.about_people import PERSONAL as CATALOG
from domain.engagement.about_people import PERSONAL as ENGAGEMENT
from domain.entitlements.about_people import PERSONAL as ENTITLEMENTS
from domain.guide.about_people import PERSONAL as GUIDE
from domain.insights.about_people import PERSONAL as INSIGHTS
from domain.kernel.job_handlers import Done, Handler, Outcome, RunningJob
from domain.kernel.work import Work
from domain.live.about_people import PERSONAL as LIVE
from domain.media.about_people import PERSONAL as MEDIA
from domain.playback.about_people import PERSONAL as PLAYBACK
from domain.runtime import Runtime
from domain.webhooks.about_people import PERSONAL as WEBHOOKS

# Those that name others come first, so that what they name can go after them.
PERSONAL = (
    *INSIGHTS,
    *WEBHOOKS,
    *ENGAGEMENT,
    *PLAYBACK,
    *LIVE,
    *GUIDE,
    *ENTITLEMENTS,
    *MEDIA,
    *CATALOG,
    *AUTHORIZATION,
    *ACCOUNTS,
)

FORGET_EXPORTS = "personal.forget_exports"
FORGOTTEN_EVERY_S = 900.0
FORGOTTEN_AT_ONCE = 200


def personal_handlers(runtime: Runtime) -> list[Handler]:
    """Return the handlers of exports and of erasure."""

    async def export(job: RunningJob) -> Outcome:
        export_id = UUID(str(job.payload["export_id"]))
        async with job.work() as work:
            made = await exporting.write_export(work, export_id=export_id, data=PERSONAL, keyring=runtime.keyring)
        if made is None:
            return Done()
        await runtime.objects.put(*made)
        async with job.work() as work:
            await exporting.finish_export(work, export_id=export_id, is_ready=True)
        return Done()

    async def erase_account(job: RunningJob) -> Outcome:
        account_id = UUID(str(job.payload["account_id"]))
        await runtime.objects.delete_prefix(exporting.objects_of(account_id))
        async with job.work() as work:
            await erase_account_now(work, account_id=account_id, data=PERSONAL)
        return Done()

    async def erase_profile(job: RunningJob) -> Outcome:
        async with job.work() as work:
            await erase_profile_now(work, profile_id=UUID(str(job.payload["profile_id"])), data=PERSONAL)
        return Done()

    async def forget(job: RunningJob) -> Outcome:
        async with job.work() as work:
            keys = await exporting.take_expired_exports(work, limit=FORGOTTEN_AT_ONCE)
            # Inside the work: rows whose objects could not be deleted are found again.
            for key in keys:
                await runtime.objects.delete(key)
        return Done()

    return [
        Handler(exporting.EXPORT_DATA, export, on_dead=_give_up),
        Handler(ERASE_ACCOUNT, erase_account),
        Handler(ERASE_PROFILE, erase_profile),
        Handler(FORGET_EXPORTS, forget, every_s=FORGOTTEN_EVERY_S),
    ]


async def _give_up(work: Work, payload: Mapping[str, object], _: str) -> None:
    await exporting.finish_export(work, export_id=UUID(str(payload["export_id"])), is_ready=False)
