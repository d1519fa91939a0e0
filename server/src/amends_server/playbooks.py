"""The playbooks that serve: one whole edition at a time, swapped between calls, watched for changes."""

import asyncio
import hashlib
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from amends.v1 import judgement_pb2, server_info_pb2
from amends_core.bundle import Manifest
from amends_core.checks import Level, check_structure
from amends_core.encoder import Encoding
from amends_core.errors import PlaybookError
from amends_core.playbooks import PlaybookLibrary, load_library
from amends_core.playbooks.parser import BOUNDS
from amends_core.scorer import Scorer, phrases_of
from amends_core.teaching import UNTAUGHT, Teaching

from amends_server.convert import playbook_ref
from amends_server.encoding import EncoderPool, InferenceFailed, Overloaded, Priority, QueueExpired
from amends_server.identity.visit import current_visit
from amends_server.metrics import Metrics

_PORTION = 32
"""Phrases that are queued at once: little enough that calls are never refused for them."""
_PATIENCE_S = 30.0
"""How long a portion of phrases may wait behind calls before the reload is put off."""
_RETRY_S = 5.0
"""How soon files are looked at again that changed while they were read, or whose phrases found the encoder busy."""
Fingerprint = tuple[tuple[str, str], ...]
_log = logging.getLogger("amends.playbooks")


@dataclass(frozen=True, slots=True)
class Edition:
    """The playbooks of one moment, the scorer over them, and the encodings of their phrases."""

    manifest: Manifest
    """Of the bundle that judges."""
    library: PlaybookLibrary
    scorer: Scorer
    encodings: Mapping[str, Encoding]
    model: server_info_pb2.ModelInfo
    """Names what judges: the model, and what it was taught."""
    teaching: Teaching = UNTAUGHT
    """What the company taught: it stays the same while playbooks change."""
    reader: int = 0
    """Number of the model among those of the encoder pool."""
    candidate: "Edition | None" = None
    """The same playbooks by a second model that is on trial."""

    @property
    def on_trial(self) -> bool:
        """Whether the model is the second one."""
        return self.reader > 0

    @property
    def model_id(self) -> str:
        """What tells the model from others in the tokens of live conversations."""
        return self.model.sha256[:16]

    @property
    def title(self) -> str:
        """Name, version and checksum of the model, for people."""
        return f"{self.model.name} {self.model.version} {self.model.sha256[:12]}"

    @property
    def refs(self) -> list[judgement_pb2.PlaybookRef]:
        """Name, version and checksum of each playbook."""
        return [playbook_ref(playbook) for playbook in self.library]


class Shelf:
    """Holds the edition on which new calls begin; a call takes it once and ends on it. Belongs to the event loop."""

    def __init__(self, edition: Edition) -> None:
        self.current = edition


class Shelves:
    """A shelf for each tenant that has playbooks or exemplars of its own, and one for all others."""

    def __init__(self, common: Shelf, own: Mapping[str, Shelf]) -> None:
        self._common = common
        self._own = own

    @property
    def current(self) -> Edition:
        """The edition of the tenant whose call is in hand."""
        return self._own.get(current_visit().tenant.name, self._common).current


def load_checked(*own_dirs: Path) -> PlaybookLibrary:
    """Loads the playbooks and checks their structure.

    Raises:
        PlaybookError: a file cannot be read, breaks the schema or contradicts itself, or a name is taken.
    """
    library = load_library(*own_dirs)
    errors = [
        f"{playbook.name}: {finding}"
        for playbook in library
        for finding in check_structure(playbook)
        if finding.level is Level.ERROR
    ]
    if errors:
        raise PlaybookError("; ".join(errors))
    return library


def fingerprint(*own_dirs: Path) -> Fingerprint:
    """Name and checksum of every playbook file: two are equal where nothing changed that counts.

    Contents, and not times: a mounted folder may bring new text under an old time.
    """
    return tuple(entry for folder in own_dirs for entry in _entries(folder))


def _entries(folder: Path) -> list[tuple[str, str]]:
    try:
        return [(path.name, _checksum(path)) for path in sorted(folder.glob("*.yaml"))]
    except OSError as error:
        return [(str(folder), type(error).__name__)]


def _checksum(path: Path) -> str:
    try:
        if not path.is_file():
            return "no file"
        with path.open("rb") as file:
            return hashlib.sha256(file.read(BOUNDS.max_bytes + 1)).hexdigest()
    except OSError as error:
        return type(error).__name__


class Watcher:
    """Puts a new edition on the shelf when the files of a folder change; keeps the last good one where they break.

    Runs on the event loop; files are read and scorers built in threads, new phrases are encoded behind calls.
    """

    def __init__(
        self,
        own_dirs: Sequence[Path],
        shelf: Shelf,
        pool: EncoderPool,
        metrics: Metrics,
        poll_s: float,
        tenant: str = "",
    ) -> None:
        """`tenant`: whose shelf it is, empty for the common one."""
        self._own_dirs = own_dirs
        self._tenant = tenant
        self._shelf = shelf
        self._pool = pool
        self._metrics = metrics
        self._poll_s = poll_s
        self._asked = asyncio.Event()
        self._seen: Fingerprint | None = None

    def ask(self) -> None:
        """Has the files looked at now, even where nothing seems to have changed. Called on the event loop."""
        self._seen = None
        self._asked.set()

    async def run(self) -> None:
        """Looks again and again, every `poll_s` seconds or, where that is 0, only when asked; ends by cancellation."""
        while True:
            await self.look()
            try:
                await asyncio.wait_for(self._asked.wait(), self._wait_s())
            except TimeoutError:
                continue
            self._asked.clear()

    async def look(self) -> None:
        """Looks once. A file that breaks is told in the log, by its place and without its text."""
        found = await asyncio.to_thread(fingerprint, *self._own_dirs)
        if found == self._seen:
            return
        self._seen = None  # until it is known what came of it
        try:
            library = await asyncio.to_thread(load_checked, *self._own_dirs)
            if await self._is_settled(found):
                await self._put(library)
                self._seen = found
        except PlaybookError as error:
            await self._refuse(found, error.places)
        except (Overloaded, QueueExpired, InferenceFailed):
            self._metrics.playbook_reloads.labels("postponed").inc()
            _log.warning("playbooks postponed: the encoder is busy or has failed")
        except Exception as error:  # whatever it is, the watch goes on; its words may quote a playbook
            await self._refuse(found, (f"they cannot be used ({type(error).__name__})",))

    def _wait_s(self) -> float | None:
        return self._poll_s or (_RETRY_S if self._seen is None else None)

    async def _is_settled(self, found: Fingerprint) -> bool:
        """Whether what was loaded is what was found: files may change, or be half written, in between."""
        return await asyncio.to_thread(fingerprint, *self._own_dirs) == found

    async def _refuse(self, found: Fingerprint, problems: Sequence[str]) -> None:
        """Tells once why what was found is not taken in."""
        if not await self._is_settled(found):
            return
        self._seen = found
        self._metrics.playbook_reloads.labels("refused").inc()
        remedy = "amends playbooks check"
        _log.error("playbooks refused", extra={"tenant": self._tenant, "problems": problems, "remedy": remedy})

    async def _put(self, library: PlaybookLibrary) -> None:
        before = self._shelf.current
        if _checksums(library) == _checksums(before.library):
            return
        edition = await self._renewed(before, library)
        self._shelf.current = replace(edition, candidate=await self._renewed_candidate(before.candidate, library))
        self._metrics.playbook_reloads.labels("loaded").inc()
        self._metrics.playbooks_loaded.set_to_current_time()
        versions = {playbook.name: f"{playbook.version} {playbook.sha256[:12]}" for playbook in library}
        _log.info("playbooks loaded", extra={"tenant": self._tenant, "playbooks": versions})
        for name in _same_version(before.library, library):
            _log.warning("playbook changed under its old version", extra={"playbook": name})

    async def _renewed(self, before: Edition, library: PlaybookLibrary) -> Edition:
        encodings = await self._encoded(phrases_of(library, before.teaching), before)
        scorer = await asyncio.to_thread(Scorer, before.manifest, library, encodings, before.teaching)
        return replace(before, library=library, scorer=scorer, encodings=encodings)

    async def _renewed_candidate(self, before: Edition | None, library: PlaybookLibrary) -> Edition | None:
        """None where there is no candidate, or it has failed: it must not keep playbooks from being taken in."""
        if before is None or not self._pool.works(before.reader):
            return None
        return await self._renewed(before, library)

    async def _encoded(self, phrases: tuple[str, ...], before: Edition) -> Mapping[str, Encoding]:
        known = before.encodings
        encodings = {text: known[text] for text in phrases if text in known}
        wanted = [text for text in phrases if text not in known]
        for start in range(0, len(wanted), _PORTION):
            portion = wanted[start : start + _PORTION]
            deadline = time.monotonic() + _PATIENCE_S
            encoded = await self._pool.encode(
                portion, deadline=deadline, priority=Priority.BULK, tenant=self._tenant, model=before.reader
            )
            encodings |= encoded.encodings
        return encodings


def _checksums(library: PlaybookLibrary) -> dict[str, str]:
    return {playbook.name: playbook.sha256 for playbook in library}


def _same_version(before: PlaybookLibrary, after: PlaybookLibrary) -> list[str]:
    """Playbooks whose text changed and whose version did not."""
    old = {playbook.name: playbook for playbook in before}
    return [
        playbook.name
        for playbook in after
        if playbook.name in old
        and playbook.sha256 != old[playbook.name].sha256
        and playbook.version == old[playbook.name].version
    ]
