"""The playbooks that are loaded, by name: the six that ship, and a company's own."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import yaml

from amends_core.errors import PlaybookError, UnknownPlaybook
from amends_core.playbooks.parser import BOUNDS, parse_playbook, refusal
from amends_core.playbooks.schema import Playbook
from amends_core.taxonomy import Label, Misstep, Step

DATA_DIR = Path(__file__).with_name("data")
DEFAULT_PLAYBOOK = "unified"


class PlaybookLibrary:
    """Playbooks by name; immutable."""

    def __init__(self, playbooks: Sequence[Playbook]) -> None:
        names = [playbook.name for playbook in playbooks]
        for name in names:
            if names.count(name) > 1:
                raise PlaybookError(f"two playbooks are named {name!r}; rename one")
        if DEFAULT_PLAYBOOK not in names:
            raise PlaybookError(f"no playbook is named {DEFAULT_PLAYBOOK!r}, which is the default")
        ordered = sorted(playbooks, key=lambda playbook: (playbook.name != DEFAULT_PLAYBOOK, playbook.name))
        self._by_name = {playbook.name: playbook for playbook in ordered}

    def __iter__(self) -> Iterator[Playbook]:
        """The default first, then by name."""
        return iter(self._by_name.values())

    def get(self, name: str) -> Playbook:
        """The playbook of that name; an empty name means the default.

        Raises:
            UnknownPlaybook: none is loaded under that name.
        """
        try:
            return self._by_name[name or DEFAULT_PLAYBOOK]
        except KeyError:
            raise UnknownPlaybook(name, tuple(self._by_name)) from None


def load_library(*own_dirs: Path | None) -> PlaybookLibrary:
    """Loads the playbooks that ship and, from each of `own_dirs`, a company's own (`*.yaml`); None holds none.

    Raises:
        PlaybookError: a file cannot be read or breaks the schema, or a name is taken.
    """
    paths = sorted((DATA_DIR / "playbooks").glob("*.yaml"))
    for own_dir in filter(None, own_dirs):
        if not own_dir.is_dir():
            raise PlaybookError(f"{own_dir} is not a directory; point at one that holds *.yaml playbooks")
        paths += sorted(own_dir.glob("*.yaml"))
    return PlaybookLibrary([parse_playbook(path.name, read_text(path)) for path in paths])


@cache
def misstep_exemplars() -> Mapping[Label, tuple[str, ...]]:
    """The exemplar phrases of the sentence-level missteps; they hold in every playbook. Read once; do not change."""
    return {Misstep(name): texts for name, texts in _shipped_phrases("missteps.yaml")}


@cache
def phrasings() -> Mapping[Label, tuple[str, ...]]:
    """Phrasings to start from, for advice and suggestions. Read once; do not change."""
    return {Step(name): texts for name, texts in _shipped_phrases("phrasings.yaml")}


def _shipped_phrases(name: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    for label, texts in yaml.load(read_text(DATA_DIR / name), Loader=yaml.CSafeLoader).items():
        yield label, tuple(texts)


def read_text(path: Path) -> str:
    """Reads a playbook's file, and no more of it than `BOUNDS` has.

    Raises:
        PlaybookError: it is no file of text, too large, or cannot be read.
    """
    try:
        if not path.is_file():  # a pipe or a device may never end
            raise PlaybookError(f"cannot read playbook {path.name}: it is no regular file")
        with path.open("rb") as file:
            content = file.read(BOUNDS.max_bytes + 1)
        if len(content) > BOUNDS.max_bytes:
            raise refusal(path.name, (BOUNDS.too_large,))
        return content.decode()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise PlaybookError(f"cannot read playbook {path.name}: {reason}") from error
