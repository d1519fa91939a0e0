"""The examples from which a step of a company's own is fitted."""

from dataclasses import dataclass

from amends_core.taxonomy import SENTENCE_LABELS
from amends_core.teaching.phrases import Phrase, PhraseReader, line_of

MIN_POSITIVE = 10
"""Below that a head learns these phrases and no step."""


@dataclass(frozen=True, slots=True)
class StepExamples:
    """Examples of one step, checked."""

    name: str
    version: str
    about: str
    positive: tuple[Phrase, ...]
    negative: tuple[Phrase, ...]
    """Near misses: what looks like the step and is not."""


def parse_examples(source: str, text: str) -> StepExamples:
    """Gives the examples that YAML describes; `source` is its name in messages.

    Raises:
        TeachingError: listing every problem, each with file and line.
    """
    reader = PhraseReader(source, text)
    top = reader.mapping(reader.root, "the file", ("schema", "name", "version", "about", "positive", "negative"))
    name, version = reader.heading(top)
    if name.upper() in {label.value for label in SENTENCE_LABELS}:
        reader.problem(line_of(top.get("name")), "name is that of a shipped label; give own exemplars for it instead")
    about = reader.sentence(top.get("about"), "about")
    positive = reader.phrases(top.get("positive"), "positive")
    negative = reader.phrases(top.get("negative"), "negative")
    reader.refuse_contradictions(positive, negative, "the step")
    if len(positive) < MIN_POSITIVE:
        what = f"positive holds {len(positive)} phrases that can be used, at least {MIN_POSITIVE}"
        reader.problem(line_of(top.get("positive")), f"{what}; 20 to 50 make a step")
    reader.finish()
    return StepExamples(name, version, about, positive, negative)
