"""A text in another language is told where that is sure; English of any kind, and what is mixed with it, never."""

import json
from pathlib import Path

import pytest
import yaml
from amends_core.conversation import Turn
from amends_core.judgement import Verdict
from amends_core.taxonomy import Role
from amends_core.text import other_language
from core_builders import SORRY, VENTS, World, said
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).parents[3]
DATASETS = sorted((ROOT / "eval" / "datasets").glob("*/*.jsonl"))
FOREIGN = yaml.safe_load(Path(__file__).with_name("foreign_sentences.yaml").read_text(encoding="utf-8"))
MIXED = """Mi refund todavía no llega, can you check porfa?
Hola, mi package no ha llegado todavía y el tracking no se actualiza
Gracias mija, ya llegó la caja pero it's all broken inside
Estoy so mad right now, the driver me dejó el package en la lluvia
Bhai mera refund abhi tak nahi aaya, kab milega yaar please jaldi karo
Mera order kahan hai bhai, teen din ho gaye koi update nahi mila
Yaar mujhe samajh nahi aa raha hai ki mera paisa kahan gaya hai
Sarr, the gas booking is not coming only, kitni baar call karun
Sis, ang tagal naman ng order ko, ilang araw na po akong naghihintay
Po, yung refund ko wala pa rin hanggang ngayon, nakakainis na talaga
Wah lau eh, wait so long still don't have, cannot make it lah
Aunty ah, the aircon koyak already leh, when can come repair one?
Abeg wetin dey happen to my money, e don tey wey I dey wait o
Oga no vex, we dey run am sharp sharp, your money go land today
Me one deh yah since seven, mi foot dem a kill mi.
Hiyo treasurer alikuwa aniulize jana, so nikamwambia customer care.""".splitlines()
SHORT = [
    "Mein Paket kam nicht an.",
    "danke schön",
    "Je ne sais pas",
    "Hola, ¿cómo está usted?",
    "はい",
    "ok",
    "",
    "\x00",
]
GERMAN = FOREIGN["German"]


@pytest.mark.parametrize("language", FOREIGN)
def test_sentence_in_another_language_is_told(language: str) -> None:
    assert [other_language(sentence) for sentence in FOREIGN[language]] == [language] * 6


@pytest.mark.parametrize("text", [*MIXED, *SHORT])
def test_what_is_mixed_with_english_or_short_is_read(text: str) -> None:
    assert not other_language(text)


def texts_of(row: object) -> list[str]:
    """Every string under a key that holds what people said."""
    if isinstance(row, dict):
        own = [value for key, value in row.items() if isinstance(value, str) and key in SPOKEN]
        return own + [text for value in row.values() for text in texts_of(value)]
    return [text for each in row for text in texts_of(each)] if isinstance(row, list) else []


SPOKEN = ("text", "customer", "context", "gamed", "honest", "a", "b")


@pytest.mark.parametrize("path", DATASETS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_text_of_the_evaluation_is_refused(path: Path) -> None:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert sum(bool(other_language(text)) for row in rows for text in texts_of(row)) == 0


def test_reply_in_another_language_is_unsure_and_says_what_helps(world: World) -> None:
    judgement = world.judge(said(VENTS), GERMAN[2])
    assert judgement.verdict is Verdict.UNSURE
    assert judgement.unsure_reasons[0] == (
        "The reply reads as German, and the model reads English only; "
        "send an English translation, or the locale if it is English."
    )


def test_customer_in_another_language_is_unsure(world: World) -> None:
    reasons = world.judge([Turn(Role.CUSTOMER, GERMAN[0])], SORRY).unsure_reasons
    assert [reason.startswith("The customer's message reads as German") for reason in reasons] == [True]


def test_locale_is_the_callers_word_for_the_language(world: World) -> None:
    assert not any("German" in reason for reason in world.judge(said(VENTS), GERMAN[2], locale="en-GB").unsure_reasons)
    (reason,) = world.judge(said(VENTS), GERMAN[2], locale="de").unsure_reasons
    assert reason == "The model reads English only, and the locale is de."


@given(st.text(max_size=300))
def test_any_text_can_be_asked_of(text: str) -> None:
    assert isinstance(other_language(text), str)
