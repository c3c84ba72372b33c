"""Money: an integer of minor units with a currency, never a float."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.kernel.refusals import Refusal

CURRENCY_CODE_CHARS = 3


class CurrencyMismatch(Refusal):
    """Two amounts of different currencies cannot be added or compared."""

    def __init__(self, left: str, right: str) -> None:
        super().__init__(f"Amounts in {left} and {right} cannot be combined. Convert one of them first.")
        self.left = left
        self.right = right


@dataclass(frozen=True)
class Money:
    """An exact amount: `minor_units` of `currency` (ISO 4217, upper case). 12.30 EUR is Money(1230, "EUR")."""

    minor_units: int
    currency: str

    def __post_init__(self) -> None:
        # bool is an int to Python; an amount of True is a mistake all the same.
        if type(self.minor_units) is not int:
            raise TypeError(f"minor_units must be an int, not {type(self.minor_units).__name__}")
        if len(self.currency) != CURRENCY_CODE_CHARS or not self.currency.isascii() or not self.currency.isupper():
            raise ValueError(f"{self.currency!r} is no ISO 4217 code")

    def __add__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(self.minor_units + other.minor_units, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(self.minor_units - other.minor_units, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor_units, self.currency)

    def __mul__(self, count: int) -> "Money":
        return Money(self.minor_units * count, self.currency)

    def __lt__(self, other: "Money") -> bool:
        self._same_currency(other)
        return self.minor_units < other.minor_units

    def __le__(self, other: "Money") -> bool:
        self._same_currency(other)
        return self.minor_units <= other.minor_units

    def split(self, weights: Sequence[int]) -> list["Money"]:
        """Divide into parts in proportion to `weights` that add up to exactly this amount.

        Uses the largest remainder, the earlier part first where two are equal. A negative amount is split
        as its positive twin.

        Raises:
            ValueError: no weight, a negative one, or all zero.
        """
        total = sum(weights)
        if total <= 0 or min(weights) < 0:
            raise ValueError("weights must be non-negative and not all zero")
        sign, amount = (-1, -self.minor_units) if self.minor_units < 0 else (1, self.minor_units)
        shares = [amount * weight // total for weight in weights]
        remainders = [amount * weight % total for weight in weights]
        by_remainder = sorted(range(len(weights)), key=lambda index: (-remainders[index], index))
        for index in by_remainder[: amount - sum(shares)]:
            shares[index] += 1
        return [Money(sign * share, self.currency) for share in shares]

    def _same_currency(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(self.currency, other.currency)
