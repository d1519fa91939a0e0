"""Playbooks: schema, parser, and the library of those that are loaded."""

from amends_core.playbooks.library import DEFAULT_PLAYBOOK, PlaybookLibrary, load_library, misstep_exemplars, phrasings
from amends_core.playbooks.parser import parse_playbook
from amends_core.playbooks.schema import Occasion, Order, Playbook, Rules, Stage

__all__ = [
    "DEFAULT_PLAYBOOK",
    "Occasion",
    "Order",
    "Playbook",
    "PlaybookLibrary",
    "Rules",
    "Stage",
    "load_library",
    "misstep_exemplars",
    "parse_playbook",
    "phrasings",
]
