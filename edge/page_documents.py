"""The documents of the page that this process serves: answered from the first moment on, and registered for the others.

The page's build leaves its manifest beside the page. An open page may outlive the process that served it, so a release
of the page stays registered until many newer ones have come.
"""

import asyncio
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import structlog

from domain.clients import DocumentIdTaken, register_release
from domain.kernel.refusals import Unavailable
from domain.runtime import Runtime
from graph.manifests import ManifestBroken, read_manifest

MANIFEST = "documents.manifest"
CLIENT = "marquee-web"
RELEASES_KEPT = 50
RETRY_S = 2.0

_WEB = Path(__file__).resolve().parent.parent / "web"
# Written before the page is built, for the development server of the page.
_GENERATED = _WEB / "src" / "gql" / "persisted.json"

log = structlog.get_logger(__name__)


@dataclass
class PageDocuments:
    """The manifest beside the built page; in development also the one that was generated last."""

    built: Path = _WEB / "dist" / MANIFEST
    generated: Path | None = None
    _texts: dict[str, str] = field(default_factory=dict)
    _read_at_ns: dict[Path, int] = field(default_factory=dict)

    @classmethod
    def open(cls, *, is_development: bool) -> "PageDocuments":
        """Read the manifest of the built page, if there is one."""
        documents = cls(generated=_GENERATED if is_development else None)
        documents._read(documents.built)
        return documents

    def find(self, id: str) -> str | None:
        """Return the text of one of the page's documents."""
        text = self._texts.get(id)
        if text is None and self.generated is not None:
            self._read(self.generated)
            text = self._texts.get(id)
        return text

    async def register(self, runtime: Runtime) -> None:
        """Register the built page's documents, so that every process knows them; waits for the database."""
        if not self.built.is_file():
            return
        content = self.built.read_bytes()
        documents, version = read_manifest(content), sha256(content).hexdigest()[:12]
        while True:
            try:
                async with runtime.work() as work:
                    await register_release(
                        work, client=CLIENT, version=version, documents=documents, keep=RELEASES_KEPT
                    )
            except Unavailable:
                await asyncio.sleep(RETRY_S)
            except DocumentIdTaken as taken:
                log.error("page.documents_not_registered", reason=taken.message)
                return
            else:
                log.info("page.documents_registered", client=CLIENT, version=version, count=len(documents))
                return

    def _read(self, path: Path) -> None:
        """Read a manifest that is new or has changed. A broken one is as good as none, and is said in the log."""
        try:
            changed_at_ns = path.stat().st_mtime_ns
            if self._read_at_ns.get(path) == changed_at_ns:
                return
            self._read_at_ns[path] = changed_at_ns
            self._texts.update({document.id: document.text for document in read_manifest(path.read_bytes())})
        except FileNotFoundError:
            return
        except ManifestBroken as broken:
            log.error("page.manifest_broken", path=str(path), reason=str(broken))
