"""EPITOME: empathy of peer supporters on Reddit, in three mechanisms at three levels.

Each response to a post has a level, 0 (none), 1 (weak) or 2 (strong), for emotional reactions, interpretations and
explorations. Our strength of a step has the same three levels, which is why the classes map without a fit.

Mapping, chosen by the definitions and before any figure was seen:

- emotional reactions (warmth, compassion, concern expressed after reading the post): EMPATHIZE, which names,
  validates or shares a feeling.
- interpretations (an understanding of the feelings and experiences, inferred from the post): REFLECT, which restates
  in one's own words, or EMPATHIZE, since naming a feeling that was not named is both.
- explorations (probing what is not stated in the post): CLARIFY, an open question, or LISTEN, an invitation to tell
  more. Theirs counts closed questions too and ours does not, so that much must be missed.

Source: Sharma, Miner, Atkins and Althoff (2020), A computational approach to understanding empathy expressed in
text-based mental health support, EMNLP.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from amends_eval.questions import ReadSentence
from amends_eval.yardsticks.files import comma_separated
from amends_eval.yardsticks.keywords import level_by_count
from amends_eval.yardsticks.readings import level, sentence_features
from amends_eval.yardsticks.yardstick import Item, Published, Task, Yardstick

FILES = {
    "emotional reactions": "emotional-reactions-reddit.csv",
    "interpretations": "interpretations-reddit.csv",
    "explorations": "explorations-reddit.csv",
}
LABELS = {
    "emotional reactions": ("EMPATHIZE",),
    "interpretations": ("REFLECT", "EMPATHIZE"),
    "explorations": ("CLARIFY", "LISTEN"),
}
KEYWORDS = {
    "emotional reactions": ("sorry", "hugs", "i hope", "here for you", "feel for you", "take care", "heart", "love"),
    "interpretations": (
        "i understand",
        "i know how",
        "sounds like",
        "must be",
        "me too",
        "same",
        "relate",
        "i've been",
    ),
    "explorations": ("?",),
}
_RERUN = "RoBERTa bi-encoder"
_REPLICA = "RoBERTa bi-encoder, replicated"
_BY = "fine-tuned on these rows, random split; authors' code, run by others"
_AGAIN = "fine-tuned on these rows, random split; by others"
PUBLISHED = {
    "emotional reactions": ((_RERUN, 0.81, 0.77, _BY), (_REPLICA, 0.82, 0.75, _AGAIN)),
    "interpretations": ((_RERUN, 0.82, 0.62, _BY), (_REPLICA, 0.84, 0.70, _AGAIN)),
    "explorations": ((_RERUN, 0.91, 0.66, _BY), (_REPLICA, 0.91, 0.64, _AGAIN)),
}
_COLUMNS = ("sp_id", "rp_id", "seeker_post", "response_post", "level")
_Pair = tuple[str, str]


def read(folder: Path) -> list[Item]:
    """One item a response, grouped by the post it answers.

    Responses are posted and rated twice now and then: equal ratings count once, and a response whose two ratings
    differ in any mechanism is left out.
    """
    tables = {task: comma_separated(folder / file, _COLUMNS) for task, file in FILES.items()}
    levels = {task: _levels(rows) for task, rows in tables.items()}
    pairs = {_pair(row): row for rows in tables.values() for row in rows}
    whole = (pair for pair in pairs if all(len(levels[task].get(pair, ())) == 1 for task in FILES))
    return [_item(pairs[pair], {task: next(iter(levels[task][pair])) for task in FILES}) for pair in whole]


def _levels(rows: Sequence[Mapping[str, str]]) -> Mapping[_Pair, set[str]]:
    found: dict[_Pair, set[str]] = {}
    for row in rows:
        found.setdefault(_pair(row), set()).add(row["level"])
    return found


def _pair(row: Mapping[str, str]) -> _Pair:
    return row["sp_id"], row["rp_id"]


def _item(row: Mapping[str, str], truth: Mapping[str, str]) -> Item:
    return Item(
        id="|".join(_pair(row)),
        cluster=row["sp_id"],
        question=ReadSentence(text=row["response_post"], customer=row["seeker_post"]),
        words=row["response_post"],
        truth=truth,
    )


def _task(name: str) -> Task:
    return Task(
        name=name,
        classes=("0", "1", "2"),
        zero_shot=partial(level, labels=LABELS[name]),
        features=sentence_features,
        keywords=level_by_count(KEYWORDS[name]),
        positive=frozenset({"1", "2"}),
        published=tuple(
            Published(model=model, accuracy=accuracy, macro_f1=f1, source=source)
            for model, accuracy, f1, source in PUBLISHED[name]
        ),
    )


YARDSTICK = Yardstick(
    name="epitome",
    summary="Empathy of peer supporters on Reddit: three mechanisms, each at three levels",
    origin="github.com/behavioral-data/Empathy-Mental-Health, folder dataset",
    licence="attribution licence of the authors, as stated in their repository",
    files=tuple(FILES.values()),
    read=read,
    tasks=tuple(_task(name) for name in FILES),
)
