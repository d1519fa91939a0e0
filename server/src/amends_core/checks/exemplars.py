"""What is wrong with the exemplars of a playbook, as the model that will serve reads them."""

from collections.abc import Iterator, Mapping

import numpy as np

from amends_core.checks.finding import Finding, error, warning
from amends_core.detection import Detector, SentenceReading
from amends_core.encoder import Encoding
from amends_core.judgement.rules import names_somebody
from amends_core.playbooks import Playbook
from amends_core.taxonomy import SENTENCE_MISSTEPS, STEPS, Step
from amends_core.text import shared_words

NEAR = 0.97
"""From this cosine on, with SHARED_WORDS, two exemplars say the same. The encoder is tuned to tell steps apart, so
phrases of one step come near each other whatever they are about: the cosine alone would blame them for it."""
SHARED_WORDS = 0.5
"""Share of the words of both that near-duplicates have in common."""
READ_SHARE = 0.5
"""Share of a step's phrases in which the model should read the step: among those that ship it reads four of five."""

Place = tuple[str, Step, str]
"""Path of an exemplar, its step, its text."""


def check_exemplars(playbook: Playbook, encodings: Mapping[str, Encoding], detector: Detector) -> tuple[Finding, ...]:
    """Everything that is wrong with the exemplars; `encodings` holds one for each of them."""
    places = [
        (f"exemplars.{step}[{index}]", step, text)
        for step, texts in playbook.exemplars.items()
        for index, text in enumerate(texts)
    ]
    readings = [detector.read_sentence(encodings[text]) for _, _, text in places]
    misread = (_read(place, reading, detector) for place, reading in zip(places, readings, strict=True))
    return (
        *(finding for found in misread for finding in found),
        *_unread(places, readings, detector),
        *_naming(playbook, places),
        *_duplicates(places, encodings),
    )


def _read(place: Place, reading: SentenceReading, detector: Detector) -> Iterator[Finding]:
    path, step, _ = place
    for misstep in SENTENCE_MISSTEPS:
        if detector.claims(reading, misstep):
            wrong = f"the model reads {misstep} in it ({reading.missteps[misstep]:.2f})"
            yield warning(path, wrong, "say it another way: agents are shown it as good")
    likeliest = max(STEPS, key=lambda other: reading.steps[other])
    if not detector.claims(reading, step) and detector.claims(reading, likeliest):
        read = f"{likeliest} ({reading.steps[likeliest]:.2f}) and not {step} ({reading.steps[step]:.2f})"
        yield warning(path, f"the model reads {read} in it", "make the step plainer, or move the phrase")


def _unread(places: list[Place], readings: list[SentenceReading], detector: Detector) -> Iterator[Finding]:
    """Steps whose phrases the model mostly does not recognise: replies in such words would not count as the step."""
    for step in dict.fromkeys(step for _, step, _ in places):
        claimed = [detector.claims(r, step) for place, r in zip(places, readings, strict=True) if place[1] is step]
        if sum(claimed) < READ_SHARE * len(claimed):
            wrong = f"the model reads {step} in {sum(claimed)} of its {len(claimed)} phrases"
            yield warning(f"exemplars.{step}", wrong, "write some the way agents of yours make the step")


def _naming(playbook: Playbook, places: list[Place]) -> Iterator[Finding]:
    if not playbook.rules.apology_names_nobody:
        return
    for path, step, text in places:
        if step is Step.APOLOGIZE and names_somebody(text):
            wrong = "names a person, product or process, which rules.apology_names_nobody lowers"
            yield warning(path, wrong, "apologise without naming who or what")


def _duplicates(places: list[Place], encodings: Mapping[str, Encoding]) -> Iterator[Finding]:
    if not places:
        return
    matrix = np.stack([encodings[text].embedding for _, _, text in places])
    near = np.argwhere(np.triu(matrix @ matrix.T, k=1) >= NEAR)
    for first, second in near.tolist():
        (path, step, text), (again, other, repeated) = places[first], places[second]
        if text.casefold() == repeated.casefold() and step is not other:
            yield error(again, f"stands under {step} as well ({path})", "keep it under the one step that it makes")
        elif shared_words(text, repeated) >= SHARED_WORDS:
            yield warning(again, f"says nearly the same as {path}", "write a different phrase")
