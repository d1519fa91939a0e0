"""The missteps of a reply: those of its sentences, and those only the conversation can show."""

import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from amends_core.conversation import Sentence, State
from amends_core.detection import Detector
from amends_core.encoder import Floats
from amends_core.judgement.evidence import Evidence, place_of
from amends_core.judgement.mishearing import misheard
from amends_core.judgement.result import MisstepFinding, Place
from amends_core.judgement.timing import no_pause, past_gate, solve_too_late, solve_too_soon
from amends_core.judgement.weights import REPEATED_COSINE, REPEATED_WORDS, REPEATED_WORDS_SHARED, SEVERITY
from amends_core.judgement.wording import HARM, RUSHED_PAST_GATE, SURVEY_BY_RULE
from amends_core.playbooks import Playbook, Stage
from amends_core.taxonomy import SENTENCE_MISSTEPS, Label, Misstep, Severity, Step
from amends_core.text import shared_words, word_count

REPEATED_WITHIN = 200
"""How many of the agent's sentences are held against a new one: nobody remembers what was said before those."""
SHORT_WORDS = 4
"""A sentence this short is repeated only where it is the whole reply, word for word."""
_CONTRACTIONS = (("'ll", " will"), ("'ve", " have"), ("'re", " are"), ("'m", " am"), ("n't", " not"))


def find_missteps(
    playbook: Playbook,
    state: State,
    stage: Stage,
    sentences: Sequence[Sentence],
    embeddings: Sequence[Floats],
    earlier: Sequence[Floats],
    evidence: Mapping[Label, Evidence],
    detector: Detector,
) -> tuple[MisstepFinding, ...]:
    """Gives the missteps, gravest first, at the `stage` reached; `earlier` embeds `state.sentences`."""
    found = [_of_sentences(playbook, m, evidence[m]) for m in SENTENCE_MISSTEPS if evidence[m].places]
    heard_wrong = misheard(state, sentences, detector)
    rushed = past_gate(playbook, state, stage, sentences, detector)
    reasons = {
        **HARM,
        Misstep.MISHEARD: heard_wrong[0][1] if heard_wrong else "",
        Misstep.NO_PAUSE: RUSHED_PAST_GATE if rushed else HARM[Misstep.NO_PAUSE],
    }
    whole = {
        Misstep.SOLVE_TOO_SOON: solve_too_soon(playbook, state, sentences, detector),
        Misstep.SOLVE_TOO_LATE: solve_too_late(state, sentences, evidence),
        Misstep.OVER_APOLOGIZED: _over_apologized(playbook, state, sentences, detector),
        Misstep.MISHEARD: tuple(place for place, _ in heard_wrong),
        Misstep.NO_PAUSE: rushed or no_pause(playbook, state, sentences, detector),
        Misstep.REPEATED: tuple(_repeated(sentences, embeddings, state.sentences, earlier)),
    }
    found += [
        MisstepFinding(misstep, 1.0, severity_of(playbook, misstep), places, reasons[misstep])
        for misstep, places in whole.items()
        if places
    ]
    return tuple(sorted(found, key=lambda finding: (-finding.severity, -finding.probability, finding.misstep)))


def severity_of(playbook: Playbook, misstep: Misstep) -> Severity:
    """How much the misstep harms under the playbook."""
    if misstep in playbook.grave_missteps:
        return Severity.GRAVE
    return Severity.MAJOR if _is_survey_by_rule(playbook, misstep) else SEVERITY[misstep]


def _is_survey_by_rule(playbook: Playbook, misstep: Misstep) -> bool:
    return misstep is Misstep.AUTOMATED_SURVEY and playbook.rules.satisfaction_by_person


def _of_sentences(playbook: Playbook, misstep: Misstep, found: Evidence) -> MisstepFinding:
    reason = SURVEY_BY_RULE if _is_survey_by_rule(playbook, misstep) else HARM[misstep]
    severity = severity_of(playbook, misstep)
    return MisstepFinding(misstep, found.probability, severity, found.places, reason, found.nearest)


def _over_apologized(
    playbook: Playbook, state: State, sentences: Sequence[Sentence], detector: Detector
) -> tuple[Place, ...]:
    most = playbook.rules.max_apologies
    if not most:
        return ()
    apologies = [place_of(s) for s in sentences if detector.claims(s.reading, Step.APOLOGIZE)]
    return tuple(apologies[max(0, most - state.apologies) :])


def _repeated(
    sentences: Sequence[Sentence], embeddings: Sequence[Floats], said: Sequence[Sentence], earlier: Sequence[Floats]
) -> Iterator[Place]:
    if not said:
        return
    recent, matrix = said[-REPEATED_WITHIN:], np.array(earlier[-REPEATED_WITHIN:])
    for sentence, embedding in zip(sentences, embeddings, strict=True):
        if word_count(sentence.text) < REPEATED_WORDS:
            alike = len(sentences) == 1 and _said_whole(sentence.text, recent)
        else:
            near = (matrix @ embedding >= REPEATED_COSINE).nonzero()[0]
            alike = any(_same_words(sentence.text, recent[i].text) for i in near.tolist())
        if alike:
            yield place_of(sentence)


def _same_words(text: str, said: str) -> bool:
    return word_count(said) >= REPEATED_WORDS and shared_words(text, said) >= REPEATED_WORDS_SHARED


def _said_whole(text: str, said: Sequence[Sentence]) -> bool:
    """Whether a short sentence was said before, word for word but for contractions."""
    words = _plain(text)
    return word_count(text) >= SHORT_WORDS and any(_plain(sentence.text) == words for sentence in said)


def _plain(text: str) -> str:
    text = text.lower().replace("\u2019", "'")
    for short, long in _CONTRACTIONS:
        text = text.replace(short, long)
    return " ".join(re.findall(r"\w+", text))
