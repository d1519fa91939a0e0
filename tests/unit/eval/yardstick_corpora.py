"""Made-up corpora in the formats of the public ones, and a target that reads what a text itself names."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from amends_core.taxonomy import SENTENCE_LABELS
from amends_eval.answers import AdviceAnswer, Answer, CustomerAnswer, Refused, SentenceAnswer
from amends_eval.questions import NextStep, Question, ReadCustomer, ReadSentence
from amends_eval.targets import Identity
from amends_eval.yardsticks import annomi, epitome, esconv, goemotions

SECRET = "marmalade"
"""In the texts of the made-up corpora: no result and no message may hold it."""


def sentence(claimed: Sequence[str] = (), strong: Sequence[str] = (), **probability: float) -> SentenceAnswer:
    return SentenceAnswer(probability=probability, claimed=tuple(claimed), strong=tuple(strong))


def advice(*steps: tuple[str, float]) -> AdviceAnswer:
    return AdviceAnswer(steps=steps, stage="hear", pause=True, act="VENT", upset=0.75)


REFUSED = Refused(reason="NO_WORDS")


class Parrot:
    """Reads what the text itself names: `EMPATHIZE` in it is a strong one, `empathize` a weak one."""

    identity = Identity(where="in process", model="parrot", version="1", sha256="00", playbooks={})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def ask(self, question: Question) -> Answer:
        match question:
            case ReadSentence(text="..."):
                return REFUSED
            case ReadSentence(text=text):
                found = [label.value for label in SENTENCE_LABELS if label.value in text.upper()]
                odds = {label.value: 0.9 if label.value in found else 0.05 for label in SENTENCE_LABELS}
                return sentence(found, [label for label in found if label in text], **odds)
            case ReadCustomer(text=text):
                return CustomerAnswer(act="VENT", act_probability=0.8, upset=0.9 if "UPSET" in text else 0.2)
            case NextStep(turns=turns):
                return advice(("APOLOGIZE", 0.5), ("REFLECT" if len(turns) > 2 else "LISTEN", 0.3))
        raise AssertionError(question)


EPITOME = (
    # post, response, the text, the three levels
    ("p1", "r1", f"EMPATHIZE {SECRET}", 2, 2, 0),
    ("p1", "r2", f"clarify {SECRET}?", 0, 0, 1),
    ("p2", "r3", f"listen, {SECRET}\nand reflect", 0, 1, 1),
    ("p3", "r4", f"nothing {SECRET}", 0, 0, 0),
    ("p3", "r4", f"nothing {SECRET}", 0, 0, 0),
    ("p4", "r5", f"rated twice {SECRET}", 1, 0, 0),
    ("p4", "r5", f"rated twice {SECRET}", 1, 0, 2),
    ("p5", "r6", "...", 1, 0, 0),
)
ESCONV = (
    ("<START>", "", 2),
    (f"<START> </s> Welcome {SECRET} </s> I lost my job", "None supporter seeker", 0),
    (f"Welcome {SECRET} </s> I lost my job </s> Oh no </s> And my cat", "supporter seeker supporter seeker", 7),
    ("<START> </s> Good evening", "None seeker", 2),
    ("<START> </s> Good evening </s> What is up? </s> Exams", "None seeker supporter seeker", 5),
    ("<START> </s> Evening", "None seeker", 1),
)
ANNOMI = (
    # transcript, video, who, number, the text, behaviour
    (1, "v1", "therapist", 0, f"Hello {SECRET}", "other"),
    (1, "v1", "client", 1, f"I drink {SECRET}", "n/a"),
    (1, "v1", "therapist", 2, f"reflect {SECRET}", "reflection"),
    (2, "v1", "therapist", 0, f"clarify {SECRET}?", "question"),
    (3, "v2", "therapist", 0, f"take_action {SECRET}", "therapist_input"),
    (3, "v2", "therapist", 1, "   ", "other"),
    (3, "v2", "therapist", 2, f"mm {SECRET}", "other"),
)
GOEMOTIONS = (
    (f'UPSET "{SECRET}"', "1", "c1"),
    (f"fine {SECRET}", "3", "c2"),
    (f"FINE {SECRET}", "3", "c3"),
    (f"mourning {SECRET}", "2,3", "c4"),
    (f"UPSET again {SECRET}", "0,1", "c5"),
)


def write_corpora(folder: Path) -> Path:
    """Writes all four, and gives their folder."""
    for name, text in _files().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    return folder


def _files() -> dict[str, str]:
    return {
        **{
            f"epitome/{name}": _table(
                "sp_id rp_id seeker_post response_post level rationales",
                [(row[0], row[1], "post", row[2], row[column], "") for row in EPITOME],
            )
            for column, name in enumerate(epitome.FILES.values(), 3)
        },
        f"esconv/{esconv.FILE}": _table(
            "Dialogue_History Strategy_History Speaker_Turn Gold_Standard Next_Strategy Feedback",
            [(history, "[-1]", speakers, SECRET, strategy, 5) for history, speakers, strategy in ESCONV],
        ),
        f"annomi/{annomi.FILE}": _table(
            "transcript_id video_url interlocutor utterance_id utterance_text main_therapist_behaviour", ANNOMI
        ),
        f"goemotions/{goemotions.COMMENTS}": "\n".join("\t".join(row) for row in GOEMOTIONS) + "\n",
        f"goemotions/{goemotions.NAMES}": "joy\nanger\ngrief\nneutral\n",
    }


def _table(header: str, rows: Sequence[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([header.split(), *rows])
    return text.getvalue()


def replace(path: Path, old: str, new: str) -> None:
    """Edits a file; what is to be replaced must be there."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8", newline="")
