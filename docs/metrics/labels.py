"""Every label of a metric of ours, with all the values it may take: none is a caller's to invent."""

from collections.abc import Mapping, Sequence

import grpc
from amends.v1 import empathy_service_pb2, playbook_service_pb2
from amends_core.coaching import Fate
from amends_core.judgement import Verdict
from amends_core.playbooks import load_library
from amends_core.reference import FIGURES
from amends_core.taxonomy import MISSTEPS, STEPS
from amends_server.candidate import CandidateMetrics
from amends_server.encoding.policy import Limit, Priority
from amends_server.identity.caller import Refusal
from amends_server.language import Language
from amends_server.methods import methods_of
from amends_server.metrics import Metrics
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

_SERVED = [
    *empathy_service_pb2.DESCRIPTOR.services_by_name.values(),
    *playbook_service_pb2.DESCRIPTOR.services_by_name.values(),
    *health_pb2.DESCRIPTOR.services_by_name.values(),
    *reflection_pb2.DESCRIPTOR.services_by_name.values(),
]
CALLS = [method.labels for method in methods_of(*_SERVED)]
"""Type, service and name of every method that is served."""

LABELS: Mapping[str, Sequence[str]] = {
    "bin": sorted({name for bins in FIGURES.values() for name in bins}),
    "by": ["current", "candidate"],
    "event": ["start", "turn", "partial_turn"],
    "fate": [fate.value for fate in Fate],
    "fault": ["sentence", "encoder"],
    "figure": list(FIGURES),
    "found_by": ["both", "current", "candidate"],
    "grpc_code": [code.name for code in grpc.StatusCode],
    "grpc_method": list(dict.fromkeys(name for _, _, name in CALLS)),
    "grpc_service": [service.full_name for service in _SERVED],
    "grpc_type": ["unary", "server_stream", "bidi_stream"],
    "label": [label.value for label in (*STEPS, *MISSTEPS)],
    "language": [language.value for language in Language],
    "misstep": [misstep.value for misstep in MISSTEPS],
    "outcome": ["read", "passed_over", "loaded", "refused", "postponed", "same", "other"],
    "playbook": [playbook.name for playbook in load_library()],
    "priority": [priority.name.lower() for priority in Priority],
    "reason": [
        *map(str, Limit),
        *("live_conversations", "expired", "cancelled", "busy", "late", "failed"),
        *map(str, Refusal),
    ],
    "result": ["hit", "miss"],
    "step": [step.value for step in STEPS],
    "unit": ["calls", "sentences", "live_conversations"],
    "use": ["shadow", "canary"],
    "verdict": [verdict.value for verdict in Verdict],
    "what": ["certificates", "tokens", "keys", "verdict", "first_advice"],
}

BY_OPERATOR: Mapping[str, str] = {
    "model_version": "of the bundle that serves, or of the candidate",
    "name": "of the bundle that serves, or of the candidate",
    "version": "of the bundle that serves",
    "sha256": "of the manifest of the bundle that serves, or of the candidate",
    "tenant": "the names of the tenant folder, 1000 at most",
}
"""Labels whose few values the operator chooses. Playbooks of one's own add to those of `LABELS`, too."""


def all_metrics() -> tuple[Metrics, CandidateMetrics]:
    """Every metric of ours, in one registry."""
    metrics = Metrics()
    return metrics, CandidateMetrics(metrics.registry)
