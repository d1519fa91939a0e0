"""Between the contract's messages and the core's values. The only room that knows both."""

from amends_server.convert.advice import advice_to
from amends_server.convert.arcs import arc_to, reply_to
from amends_server.convert.judgements import judgement_to
from amends_server.convert.playbooks import playbook_ref, playbook_to
from amends_server.convert.requests import reply_from, role_from, turn_from, turns_from

__all__ = [
    "advice_to",
    "arc_to",
    "judgement_to",
    "playbook_ref",
    "playbook_to",
    "reply_from",
    "reply_to",
    "role_from",
    "turn_from",
    "turns_from",
]
