"""When something is to be shown: an instant of the programme clock that hosts may name."""

from datetime import datetime, timedelta

from domain.kernel.refusals import InvalidInput
from domain.kernel.work import Work

# Early enough for every client to know, and near enough to be meant.
PRESENT_AHEAD_MAX = timedelta(minutes=10)
# A host's clock is a little behind ours; an instant before that would have been seen already.
PRESENT_BEHIND_MAX = timedelta(seconds=2)


def presented_at(work: Work, present_at: datetime | None) -> datetime:
    """Return when something is to be shown: at the instant that is wanted, now when none is.

    Raises:
        InvalidInput: it is past, or too far ahead.
    """
    if present_at is None:
        return whole_milliseconds(work.now)
    if present_at.tzinfo is None or not -PRESENT_BEHIND_MAX <= present_at - work.now <= PRESENT_AHEAD_MAX:
        raise InvalidInput("presentAt", f"must be now or at most {PRESENT_AHEAD_MAX.seconds // 60} minutes ahead")
    return whole_milliseconds(max(present_at, work.now))


def whole_milliseconds(instant: datetime) -> datetime:
    """Return the millisecond of an instant: clients are told no more, and what they were told has begun by then."""
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)
