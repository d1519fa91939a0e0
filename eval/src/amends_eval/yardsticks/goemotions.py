"""GoEmotions: the feelings in comments on Reddit, as a check of `upset`.

A comment has one label or several of 27 emotions and neutral. Mapping, chosen by the definitions and before any
figure was seen:

- `upset` is what a customer is who feels anger, annoyance or disappointment: a comment with one of the three is
  upset, and every other comment is not. Disapproval and disgust are opinions on a thing more often than a state.
- `negative` is the authors' own grouping by sentiment. It also holds grief, fear and remorse, which our signal was
  never meant to tell from calm; it says how far the signal is one of negative feeling in general.

Source: Demszky et al. (2020), GoEmotions: a dataset of fine-grained emotions, ACL.
"""

from collections.abc import Mapping
from pathlib import Path

from amends_eval.datasets.rows import text_sha256
from amends_eval.errors import DatasetError
from amends_eval.questions import ReadCustomer
from amends_eval.yardsticks.files import lines, tab_separated
from amends_eval.yardsticks.keywords import yes_by_count
from amends_eval.yardsticks.readings import customer_features, upset
from amends_eval.yardsticks.yardstick import Item, Published, Task, Yardstick

COMMENTS = "test.tsv"
NAMES = "labels.txt"
UPSET = frozenset({"anger", "annoyance", "disappointment"})
NEGATIVE = UPSET | {
    "disapproval",
    "disgust",
    "embarrassment",
    "fear",
    "grief",
    "nervousness",
    "remorse",
    "sadness",
}
_MEANS: Mapping[str, frozenset[str]] = {"upset": UPSET, "negative": NEGATIVE}
KEYWORDS: Mapping[str, tuple[str, ...]] = {
    "upset": ("angry", "annoying", "annoyed", "hate", "disappointed", "disappointing", "terrible", "worst", "fuck",
              "fucking", "stupid", "sick of", "shit", "unfortunately"),
    "negative": ("angry", "annoying", "hate", "disappointed", "terrible", "worst", "fuck", "fucking", "stupid", "shit",
                 "sad", "sorry", "afraid", "scared", "disgusting", "gross", "ashamed", "worried", "wrong", "bad"),
}  # fmt: skip
_WIDTH = 3
_BERT = Published(
    model="BERT, all 28 labels",
    macro_f1=0.46,
    source="fine-tuned; Demszky et al. 2020; mean over all emotions: another task, a sense of the difficulty",
)


def read(folder: Path) -> list[Item]:
    """One item a comment of the authors' test part; comments of the same words are grouped."""
    names = lines(folder / NAMES)
    return [_item(row, names, number) for number, row in enumerate(tab_separated(folder / COMMENTS, _WIDTH), 1)]


def _item(row: list[str], names: list[str], number: int) -> Item:
    text, labels, name = row
    try:
        emotions = {names[int(label)] for label in labels.split(",")}
    except (ValueError, IndexError):
        raise DatasetError(f"{COMMENTS}:{number}: the labels must be line numbers of {NAMES}, from 0") from None
    return Item(
        id=name,
        cluster=text_sha256(text.casefold()),
        question=ReadCustomer(text=text),
        words=text,
        truth={task: "yes" if emotions & meant else "no" for task, meant in _MEANS.items()},
    )


def _task(name: str, *published: Published) -> Task:
    return Task(
        name=name,
        classes=("no", "yes"),
        zero_shot=upset,
        features=customer_features,
        keywords=yes_by_count(KEYWORDS[name]),
        positive=frozenset({"yes"}),
        published=published,
    )


YARDSTICK = Yardstick(
    name="goemotions",
    summary="Feelings in comments on Reddit, as a check of upset",
    origin="github.com/google-research/google-research, folder goemotions/data; labels.txt is its emotions.txt",
    licence="Apache-2.0",
    files=(COMMENTS, NAMES),
    read=read,
    tasks=(_task("upset", _BERT), _task("negative")),
)
