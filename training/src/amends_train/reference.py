"""Counts what a bundle usually judges: `python -m amends_train.reference`. Needs no PyTorch.

The recipe counts over the development conversations. A company counts over its own, which its traffic resembles more,
and has the service measure drift against that by `amends serve --reference FILE`.
"""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from amends_core.bundle import DEFAULT_BUNDLE, REFERENCE, load_bundle
from amends_core.conversation import Turn
from amends_core.judgement import Judgement
from amends_core.local import LocalScorer
from amends_core.playbooks import load_library
from amends_core.reference import FORMAT, Reference, count
from amends_core.taxonomy import Role

CONVERSATIONS = (Path("eval/datasets/ranked-v1/dev.jsonl"), Path("eval/datasets/arcs-v1/dev.jsonl"))
"""Graded replies from harmful to excellent, and whole conversations."""


def counted(local: LocalScorer, paths: Sequence[Path]) -> Reference:
    """Judges JSON lines of `turns`, and of `replies` where there are any, by every playbook of the scorer."""
    rows = [json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
    playbooks = {
        playbook.name: count(judgement for row in rows for judgement in _judgements(local, row, playbook.name))
        for playbook in local.library
    }
    return Reference(local.bundle.sha256, playbooks)


def write(path: Path, reference: Reference) -> None:
    """Writes a reference as JSON."""
    data = {"format": FORMAT, "model_sha256": reference.model_sha256, "playbooks": reference.playbooks}
    path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


def _judgements(local: LocalScorer, row: Mapping[str, Any], playbook: str) -> Iterator[Judgement]:
    turns = [Turn(Role(turn["role"].upper()), turn["text"]) for turn in row["turns"]]
    if "replies" in row:
        yield from (local.judge(turns, [reply["text"]], playbook) for reply in row["replies"])
    else:
        yield from (reply.judgement for reply in local.judge_conversation(turns, playbook).replies)


def main() -> None:
    """Counts over conversations and writes the reference of a bundle."""
    parser = argparse.ArgumentParser(prog="amends_train.reference", description=__doc__)
    parser.add_argument("--bundle", type=Path, default=DEFAULT_BUNDLE)
    parser.add_argument("--out", type=Path, help=f"file to write; {REFERENCE} of the bundle if not given")
    parser.add_argument("--playbook-dir", type=Path, help="folder of your own playbooks (*.yaml)")
    parser.add_argument(
        "conversations", type=Path, nargs="*", default=CONVERSATIONS, help="JSON lines of turns: role and text"
    )
    args = parser.parse_args()
    local = LocalScorer(load_bundle(args.bundle), load_library(args.playbook_dir))
    reference = counted(local, args.conversations)
    write(args.out or args.bundle / REFERENCE, reference)
    for name, counts in reference.playbooks.items():
        print(f"{name}: {sum(counts['score'].values())} judgements")


if __name__ == "__main__":
    main()
