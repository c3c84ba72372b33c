"""Trusted documents: what the builds of clients have registered, found by id.

A process keeps what it has found for a short while, so that a release that is retired is answered a little longer and
nothing has to be told to every process.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from domain.clients import document_text
from domain.clients.documents import plain_document_id
from domain.runtime import Runtime

# How long a retired release may go on being answered.
KEPT_FOR_S = 30.0
KEPT_MAX = 5_000
KEPT_MAX_CHARS = 10_000_000


@dataclass(frozen=True)
class ClientProgram:
    """Which program asks, as it says itself. Only its own documents are found for it; None is any program."""

    name: str | None = None
    version: str | None = None


@dataclass(frozen=True)
class _Kept:
    text: str
    until: float


class TrustedDocuments:
    """The registered documents, through one process."""

    def __init__(
        self,
        runtime: Runtime,
        *,
        own: Callable[[str], str | None] = lambda id: None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`own` finds the documents of the page that this process serves itself."""
        self._runtime = runtime
        self._own = own
        self._monotonic = monotonic
        self._kept: OrderedDict[tuple[ClientProgram, str], _Kept] = OrderedDict()
        self._kept_chars = 0

    async def text_of(self, id: str, program: ClientProgram) -> str | None:
        """Return the text of a document, None when no live release of the program holds it.

        Raises:
            Unavailable: it is not kept here and the database is away.
        """
        id = plain_document_id(id)
        text = self._own(id)
        if text is not None:
            return text
        key = (program, id)
        kept = self._kept.get(key)
        if kept is not None and self._monotonic() < kept.until:
            self._kept.move_to_end(key)
            return kept.text
        text = await document_text(self._runtime.reads(), id=id, client=program.name, version=program.version)
        if text is None:
            self._drop(key)
        else:
            self._keep(key, text if kept is None else kept.text)
        return text

    def _keep(self, key: tuple[ClientProgram, str], text: str) -> None:
        self._drop(key)
        self._kept[key] = _Kept(text, self._monotonic() + KEPT_FOR_S)
        self._kept_chars += len(text)
        while len(self._kept) > KEPT_MAX or self._kept_chars > KEPT_MAX_CHARS:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: tuple[ClientProgram, str]) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._kept_chars -= len(kept.text)
