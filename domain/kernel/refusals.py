"""Refusals: the answers a caller can act on. Anything else that is raised is a fault of ours.

    Refusal
    ├── NotFound            a missing thing, and one the viewer may not see
    ├── InvalidInput        a value that cannot be used, and which one
    ├── SignInRequired      nobody is signed in
    ├── Forbidden           a role is missing, where existence is no secret
    ├── StaleVersion        somebody else changed it first
    ├── RateLimited         too many attempts
    └── Unavailable         a part below (database, bus, storage) is away for the moment

Contexts add their own. The public attributes of a refusal are the fields a client may read.
"""

import re
from typing import ClassVar

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class Refusal(Exception):
    """Something the caller asked for is refused, with a reason it can act on.

    `code` is the class name in UPPER_SNAKE and never changes; `message` is for people and may.
    """

    code: ClassVar[str] = "REFUSAL"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.code = _WORD_START.sub("_", cls.__name__).upper()


class NotFound(Refusal):
    """There is no such thing, or none this viewer may see: both look the same."""

    def __init__(self, what: str, id: object) -> None:
        super().__init__(f"There is no {what} {id}. Check the id.")
        self.what = what
        self.id = str(id)


class InvalidInput(Refusal):
    """A value cannot be used. `field` names it as the caller does, `reason` says what would do."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class SignInRequired(Refusal):
    """The verb acts for a person, and nobody is signed in."""

    def __init__(self) -> None:
        super().__init__("Sign in first, then try again.")


class Forbidden(Refusal):
    """The viewer lacks the role for an action whose existence is no secret."""

    def __init__(self, action: str) -> None:
        super().__init__(f"You may not {action}. Ask an administrator for the role.")
        self.action = action


class StaleVersion(Refusal):
    """The thing changed since the caller read it. Read again, then repeat the change."""

    def __init__(self, expected: int, actual: int) -> None:
        super().__init__(f"This was changed meanwhile (version {actual}, you had {expected}). Load it again.")
        self.expected = expected
        self.actual = actual


class RateLimited(Refusal):
    """Too many attempts. `retry_after_s` is in seconds."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(f"Too many attempts. Try again in {retry_after_s:.0f} s.")
        self.retry_after_s = retry_after_s


class Unavailable(Refusal):
    """A part below is away for the moment; nothing was changed by this call unless it had already been acknowledged.

    `retry_after_s` is in seconds.
    """

    def __init__(self, retry_after_s: float = 1.0) -> None:
        super().__init__(f"The service is busy or restarting. Try again in {max(retry_after_s, 1):.0f} s.")
        self.retry_after_s = retry_after_s
