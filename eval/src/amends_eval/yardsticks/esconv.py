"""ESConv: what a peer supporter does next, from the last five turns.

Our advice ranks recovery steps; the class is that of the likeliest step that has one. Mapping, chosen by the
definitions and before any figure was seen:

- Reflection of feelings: EMPATHIZE, which names a feeling. Restatement or Paraphrasing: REFLECT.
- Question: LISTEN (an invitation to tell), CLARIFY (an open question), CHECK_SATISFACTION (a question by nature).
- Affirmation and Reassurance: THANK, which affirms that it was right to come forward, and TAKE_OWNERSHIP, which
  reassures that somebody will see it through.
- Providing Suggestions: TAKE_ACTION and GO_FURTHER. Where a company acts, a friend can only suggest: the nearest there
  is.
- Others (greetings, thanks, goodbyes): APPRECIATE, a warm close.
- Self-disclosure and Information: no step of ours; never claimed, always missed by zero-shot.
- APOLOGIZE, STATE_LIMITS, FOLLOW_UP: a supporter who did no harm and owes nothing has no strategy for them.

Source: Liu et al. (2021), Towards emotional support dialog systems, ACL.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import pairwise
from pathlib import Path

from amends_eval.errors import DatasetError
from amends_eval.questions import NextStep, Turn
from amends_eval.yardsticks.files import comma_separated
from amends_eval.yardsticks.keywords import most_hits
from amends_eval.yardsticks.readings import advice_features, first_advised
from amends_eval.yardsticks.yardstick import Item, Published, Task, Yardstick

FILE = "next_strategy_valid.csv"
STRATEGIES = (
    "Reflection of feelings",
    "Self-disclosure",
    "Question",
    "Affirmation and Reassurance",
    "Providing Suggestions",
    "Restatement or Paraphrasing",
    "Information",
    "Others",
)
"""By the number that the file gives them."""
CLASS_OF = {
    "EMPATHIZE": "Reflection of feelings",
    "REFLECT": "Restatement or Paraphrasing",
    "LISTEN": "Question",
    "CLARIFY": "Question",
    "CHECK_SATISFACTION": "Question",
    "THANK": "Affirmation and Reassurance",
    "TAKE_OWNERSHIP": "Affirmation and Reassurance",
    "TAKE_ACTION": "Providing Suggestions",
    "GO_FURTHER": "Providing Suggestions",
    "APPRECIATE": "Others",
}
KEYWORDS = {
    "Others": ("hi", "hello", "hey", "bye", "goodbye", "thank you", "thanks"),
    "Providing Suggestions": ("should i", "what can i", "how do i", "how can i", "any ideas", "advice"),
    "Reflection of feelings": ("i feel", "sad", "angry", "anxious", "depressed", "stressed", "scared", "lonely"),
    "Affirmation and Reassurance": ("i tried", "i will try", "maybe", "i hope", "i am trying"),
}
_COLUMNS = ("Dialogue_History", "Speaker_Turn", "Next_Strategy")
_BREAK = "</s>"
_START = "<START>"
_ROLES: Mapping[str, str] = {"seeker": "customer", "supporter": "agent"}


def read(folder: Path) -> list[Item]:
    """One item a turn of the supporter, grouped by dialogue; those that no seeker's turn precedes are left out.

    The file does not number its dialogues. A history opens with `<START>` as long as it reaches back to the
    beginning, and grows by every turn until then, so one that opens so and has not grown is of a new dialogue.
    """
    rows = comma_separated(folder / FILE, _COLUMNS)
    dialogue = "0"
    items: list[Item] = []
    for index, (before, row) in enumerate(pairwise([{"Dialogue_History": ""}, *rows])):
        if _opens(before["Dialogue_History"], row["Dialogue_History"]):
            dialogue = str(index)
        turns = tuple(_turns(row, index + 2))
        if any(turn.role == "customer" for turn in turns):
            items.append(_item(index, dialogue, turns, row["Next_Strategy"]))
    return items


def _opens(before: str, history: str) -> bool:
    grown = before.startswith(_START) and history.count(_BREAK) > before.count(_BREAK)
    return history.startswith(_START) and not grown


def _turns(row: Mapping[str, str], line: int) -> Iterator[Turn]:
    texts = [text.strip() for text in row["Dialogue_History"].split(_BREAK)]
    speakers = row["Speaker_Turn"].split()
    # The first row of a dialogue has no speakers, and nothing but the mark of its beginning.
    if speakers and len(speakers) != len(texts):
        raise DatasetError(
            f"{FILE}: row {line}: {len(texts)} turns of {len(speakers)} speakers: is it the recipe's file?"
        )
    for speaker, text in zip(speakers, texts, strict=False):
        if speaker in _ROLES and text:
            yield Turn.model_validate({"role": _ROLES[speaker], "text": text})


def _item(index: int, dialogue: str, turns: tuple[Turn, ...], strategy: str) -> Item:
    if strategy not in map(str, range(len(STRATEGIES))):
        raise DatasetError(f"{FILE}: row {index + 2}: Next_Strategy must be 0 to {len(STRATEGIES) - 1}")
    return Item(
        id=str(index),
        cluster=dialogue,
        question=NextStep(turns=turns),
        words="\n".join(turn.text for turn in turns),
        truth={"next strategy": STRATEGIES[int(strategy)]},
    )


YARDSTICK = Yardstick(
    name="esconv",
    summary="What a peer supporter does next, out of eight strategies, from the last five turns",
    origin="github.com/thu-coai/Emotional-Support-Conversation; here its part for validation, as a table of turns",
    licence="CC BY-NC 4.0, academic use",
    files=(FILE,),
    read=read,
    tasks=(
        Task(
            name="next strategy",
            classes=STRATEGIES,
            zero_shot=partial(first_advised, class_of=CLASS_OF, fallback="Question"),
            features=advice_features,
            keywords=most_hits(KEYWORDS, "Question"),
            published=(
                Published(model="MISC", accuracy=0.316, source="fine-tuned on the training part; Tu et al. 2022"),
                Published(model="CauESC", accuracy=0.333, source="fine-tuned on the training part; Chen et al. 2024"),
                Published(model="EmoDynamiX", macro_f1=0.277, source="fine-tuned; Wan et al. 2025, other split"),
                Published(model="majority class", accuracy=0.218, source="of the published test part"),
            ),
        ),
    ),
)
