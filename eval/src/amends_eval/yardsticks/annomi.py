"""AnnoMI: what a counsellor's utterance does, in transcripts of motivational interviewing.

Mapping, chosen by the definitions and before any figure was seen:

- reflection (says back what the client said or feels): REFLECT, and EMPATHIZE where the feeling is what is said back.
- question: CLARIFY (an open question), LISTEN (an invitation to tell), CHECK_SATISFACTION. Theirs counts closed
  questions too; ours gives those no label, so that much must be missed.
- therapist input (advice, information, options, a goal set together): TAKE_ACTION, GO_FURTHER, STATE_LIMITS.
- other: no label claimed. Most are short words of attention.

Source: Wu et al. (2022), AnnoMI: a dataset of expert-annotated counselling dialogues, ICASSP; extended in Future
Internet 15(3):110 (2023).
"""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from amends_eval.answers import Answer
from amends_eval.questions import ReadSentence
from amends_eval.yardsticks.files import comma_separated
from amends_eval.yardsticks.keywords import most_hits, yes_by_count
from amends_eval.yardsticks.readings import any_claimed, likeliest_claimed, sentence_features
from amends_eval.yardsticks.yardstick import Guess, Item, Published, Task, Yardstick

FILE = "AnnoMI-simple.csv"
BEHAVIOURS = ("reflection", "question", "therapist_input", "other")
LABELS = {
    "reflection": ("REFLECT", "EMPATHIZE"),
    "question": ("CLARIFY", "LISTEN", "CHECK_SATISFACTION"),
    "therapist_input": ("TAKE_ACTION", "GO_FURTHER", "STATE_LIMITS"),
}
KEYWORDS = {
    "question": ("?",),
    "reflection": ("so you", "you're feeling", "sounds like", "it seems", "you feel", "you want", "you've"),
    "therapist_input": ("you could", "i would", "we can", "i recommend", "i can", "you should", "let's"),
}
_COLUMNS = ("transcript_id", "video_url", "interlocutor", "utterance_id", "utterance_text", "main_therapist_behaviour")


def read(folder: Path) -> list[Item]:
    """One item an utterance of the therapist, with what the client said before it, grouped by video."""
    return list(_items(comma_separated(folder / FILE, _COLUMNS)))


def _items(rows: list[dict[str, str]]) -> Iterator[Item]:
    said: dict[str, str] = {}
    for row in rows:
        transcript, text = row["transcript_id"], row["utterance_text"]
        behaviour = row["main_therapist_behaviour"]
        if row["interlocutor"] == "client":
            said[transcript] = text
        elif behaviour in BEHAVIOURS and text.strip():
            yield Item(
                id=f"{transcript}|{row['utterance_id']}",
                # One video may hold several transcripts, by the same people.
                cluster=row["video_url"],
                question=ReadSentence(text=text, customer=said.get(transcript, "")),
                words=text,
                truth=_truth(behaviour),
            )


def _truth(behaviour: str) -> Mapping[str, str]:
    either = {name: "yes" if behaviour == name else "no" for name in ("reflection", "question")}
    return {"behaviour": behaviour, **either}


def _behaviour(answer: Answer) -> Guess:
    return likeliest_claimed(answer, LABELS, "other")


def _one(name: str) -> Task:
    return Task(
        name=name,
        classes=("no", "yes"),
        zero_shot=partial(any_claimed, labels=LABELS[name]),
        features=sentence_features,
        keywords=yes_by_count(KEYWORDS[name]),
        positive=frozenset({"yes"}),
    )


YARDSTICK = Yardstick(
    name="annomi",
    summary="What a counsellor's utterance does: reflection, question, input or other",
    origin="github.com/uccollab/AnnoMI",
    licence="none stated by the authors",
    files=(FILE,),
    read=read,
    tasks=(
        Task(
            name="behaviour",
            classes=BEHAVIOURS,
            zero_shot=_behaviour,
            features=sentence_features,
            keywords=most_hits(KEYWORDS, "other"),
            published=(
                Published(
                    model="M3TCM (text, speech, ten utterances)",
                    macro_f1=0.83,
                    source="fine-tuned; Hossain et al. 2024, who say F1 without the kind of mean",
                ),
                Published(model="best before it", macro_f1=0.72, source="fine-tuned; as Hossain et al. 2024 report it"),
            ),
        ),
        _one("reflection"),
        _one("question"),
    ),
)
