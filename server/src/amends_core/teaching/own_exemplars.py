"""A company's own exemplars for labels that the model knows: phrases that carry a label, and phrases that do not."""

from collections.abc import Mapping
from dataclasses import dataclass

from amends_core.taxonomy import SENTENCE_LABELS, Label
from amends_core.teaching.phrases import Phrase, PhraseReader, line_of

_BY_NAME: Mapping[str, Label] = {label.value: label for label in SENTENCE_LABELS}


@dataclass(frozen=True, slots=True)
class LabelExemplars:
    """The phrases of one label."""

    positive: tuple[Phrase, ...] = ()
    negative: tuple[Phrase, ...] = ()


@dataclass(frozen=True, slots=True)
class OwnExemplars:
    """A file of own exemplars, checked."""

    name: str
    version: str
    labels: Mapping[Label, LabelExemplars]

    @property
    def positive(self) -> Mapping[Label, tuple[str, ...]]:
        """The phrases that carry each label: they explain, too."""
        return {label: tuple(p.text for p in each.positive) for label, each in self.labels.items() if each.positive}

    @property
    def phrases(self) -> tuple[str, ...]:
        """Every phrase once, in a stable order."""
        both = (phrase for each in self.labels.values() for phrase in (*each.positive, *each.negative))
        return tuple(dict.fromkeys(phrase.text for phrase in both))


def parse_exemplars(source: str, text: str) -> OwnExemplars:
    """Gives the exemplars that YAML describes; `source` is its name in messages.

    Raises:
        TeachingError: listing every problem, each with file and line.
    """
    reader = PhraseReader(source, text)
    top = reader.mapping(reader.root, "the file", ("schema", "name", "version", "labels"))
    name, version = reader.heading(top)
    labels: dict[Label, LabelExemplars] = {}
    for label, node in reader.mapping(top.get("labels"), "labels", tuple(_BY_NAME)).items():
        sides = reader.mapping(node, label, ("positive", "negative"))
        positive = reader.phrases(sides.get("positive"), f"{label}.positive")
        negative = reader.phrases(sides.get("negative"), f"{label}.negative")
        reader.refuse_contradictions(positive, negative, label)
        if not positive and not negative:
            reader.problem(line_of(node), f"{label} holds no phrase; give one, or take the label out")
        labels[_BY_NAME[label]] = LabelExemplars(positive, negative)
    if not labels:
        reader.problem(line_of(top.get("labels")), "labels must hold at least one label")
    reader.finish()
    return OwnExemplars(name, version, labels)
