"""By what somebody proved who they are, in the spirit of the authentication method references of RFC 8176."""

from enum import StrEnum


class Factor(StrEnum):
    """One way of proving it. `MULTIPLE` stands beside two that are of different kinds, and beside one that is both."""

    PASSWORD = "pwd"  # noqa: S105 - names a factor
    CODE = "otp"
    PASSKEY = "hwk"
    FEDERATED = "fed"
    RECOVERY_CODE = "rcv"
    MULTIPLE = "mfa"
    # The people of the demo prove nothing, and are let in everywhere.
    DEMO = "demo"
    # A service shows its key and has nothing else.
    KEY = "key"


# What lets somebody act by their roles.
CONFIRMING = frozenset({Factor.MULTIPLE, Factor.DEMO, Factor.KEY})


def is_confirmed(factors: frozenset[Factor]) -> bool:
    """Tell whether these factors are enough for roles beyond watching."""
    return not CONFIRMING.isdisjoint(factors)
