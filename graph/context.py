"""What one operation knows: who asks, from where, in which languages, and the loaders it shares."""

from dataclasses import dataclass, field, replace
from typing import Self

from domain.accounts import Viewer
from domain.kernel.work import Reads
from domain.runtime import Runtime
from graph.loaders import Loaders

ADDRESS_UNKNOWN = ""


@dataclass(frozen=True)
class Caller:
    """Who sends operations: the viewer (None when nobody is signed in), its network address and its languages.

    `languages` are BCP 47 tags, the best first.
    """

    viewer: Viewer | None = None
    address: str = ADDRESS_UNKNOWN
    languages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Context:
    """One execution: a query, a mutation, or one event of a subscription."""

    runtime: Runtime
    caller: Caller
    operation_id: str
    reads: Reads
    loaders: Loaders = field(default_factory=Loaders)

    @classmethod
    def of(cls, runtime: Runtime, caller: Caller, *, operation_id: str) -> Self:
        """Begin an execution. All its loads read at the same instant."""
        return cls(runtime=runtime, caller=caller, operation_id=operation_id, reads=runtime.reads())

    @property
    def viewer(self) -> Viewer | None:
        """Who acts, or None when nobody is signed in."""
        return self.caller.viewer

    def again(self) -> Self:
        """Return the context of the next execution of the same operation: nothing loaded yet, and a new instant."""
        return replace(self, reads=self.runtime.reads(), loaders=Loaders())

    def address_of(self, path: str) -> str:
        """Return the public address of a path of this service."""
        return f"{self.runtime.settings.public_url}{path}"
