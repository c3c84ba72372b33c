"""The jobs of the authorization server: keys that are rotated when they have signed long enough."""

from domain.authorization import rotate_due_keys
from domain.kernel.crypto import Keyring
from domain.kernel.job_handlers import Done, Handler, Outcome, RunningJob

ROTATE_KEYS = "authorization.rotate_keys"
LOOKED_AT_EVERY_S = 3600.0


def authorization_handlers(keyring: Keyring) -> list[Handler]:
    """Return the handlers of the authorization server."""

    async def rotate(job: RunningJob) -> Outcome:
        async with job.work() as work:
            await rotate_due_keys(work, keyring=keyring)
        return Done()

    return [Handler(ROTATE_KEYS, rotate, every_s=LOOKED_AT_EVERY_S)]
