"""Examines playbook files whole: schema, structure, exemplars, and a rehearsal of each that can be served."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from amends_core.bundle import Bundle
from amends_core.checks.exemplars import check_exemplars
from amends_core.checks.finding import Finding, Level, error
from amends_core.checks.rehearsal import Rehearsal, rehearse, samples
from amends_core.checks.structure import check_structure
from amends_core.detection import Detector
from amends_core.documents import Problem
from amends_core.encoder import Encoding, OnnxEncoder
from amends_core.errors import PlaybookError
from amends_core.playbooks import Playbook, PlaybookLibrary, load_library
from amends_core.playbooks.library import read_text
from amends_core.playbooks.parser import read_playbook
from amends_core.scorer import Scorer, phrases_of


@dataclass(frozen=True, slots=True)
class Examination:
    """What came of one file."""

    path: Path
    playbook: Playbook | None
    """None where the file holds none."""
    findings: tuple[Finding, ...]
    """In the order of the file, errors before warnings of one line."""
    rehearsals: tuple[Rehearsal, ...] = ()
    """Empty where an error keeps it from being served."""

    @property
    def errors(self) -> int:
        """How many findings keep it from being served."""
        return sum(finding.level is Level.ERROR for finding in self.findings)

    @property
    def warnings(self) -> int:
        """How many findings its author should look at."""
        return len(self.findings) - self.errors


class Examiner:
    """Examines playbooks by the model that will serve them."""

    def __init__(self, bundle: Bundle) -> None:
        self._manifest = bundle.manifest
        self._detector = Detector(bundle.manifest)
        self._encoder = OnnxEncoder(bundle)
        self._shipped = load_library()
        self._encodings: dict[str, Encoding] = {}

    def examine(self, paths: Sequence[Path]) -> tuple[Examination, ...]:
        """Examines files that would be served together; never raises for what stands in them."""
        taken = {playbook.name: playbook.sha256 for playbook in self._shipped}
        found = []
        for path in paths:
            found.append(self._examine(path, taken))
            playbook = found[-1].playbook
            if playbook is not None:
                taken.setdefault(playbook.name, "")
        return tuple(found)

    def _examine(self, path: Path, taken: Mapping[str, str]) -> Examination:
        try:
            parsed = read_playbook(read_text(path))
        except PlaybookError as refused:
            return Examination(path, None, (error("", str(refused), "give a file that can be read"),))
        playbook = parsed.playbook
        if playbook is None:
            return Examination(path, None, tuple(_of_schema(problem) for problem in parsed.problems))
        encodings = self._encoded(text for texts in playbook.exemplars.values() for text in texts)
        findings = (
            *_of_name(playbook, taken),
            *check_structure(playbook),
            *check_exemplars(playbook, encodings, self._detector),
        )
        placed = [replace(finding, line=parsed.document.line_of(finding.field)) for finding in findings]
        ordered = tuple(sorted(placed, key=lambda finding: (finding.line, finding.level, finding.field)))
        served = all(finding.level is not Level.ERROR for finding in ordered)
        return Examination(path, playbook, ordered, self._rehearsals(playbook) if served else ())

    def _rehearsals(self, playbook: Playbook) -> tuple[Rehearsal, ...]:
        others = [shipped for shipped in self._shipped if shipped.name != playbook.name]
        library = PlaybookLibrary([*others, playbook])
        scorer = Scorer(self._manifest, library, self._encoded(phrases_of(library)))
        return tuple(rehearse(scorer, self._encode, playbook.name, sample) for sample in samples())

    def _encoded(self, texts: Iterable[str]) -> Mapping[str, Encoding]:
        return {text: self._encode(text) for text in texts}

    def _encode(self, text: str) -> Encoding:
        if text not in self._encodings:
            self._encodings[text] = self._encoder.encode(text)
        return self._encodings[text]


def _of_schema(problem: Problem) -> Finding:
    wrong = str(replace(problem, field="", line=0))
    return Finding(Level.ERROR, problem.field, wrong, "see docs/playbooks.md for the field", problem.line)


def _of_name(playbook: Playbook, taken: Mapping[str, str]) -> tuple[Finding, ...]:
    if taken.get(playbook.name, playbook.sha256) == playbook.sha256:
        return ()
    return (error("name", f"another playbook is named {playbook.name!r}", "rename one"),)
