"""A second bundle on trial: in the shadow its answers are only compared, as a canary it answers a share."""

from amends_server.candidate.metrics import CandidateMetrics
from amends_server.candidate.trial import Shares, Trial

__all__ = ["CandidateMetrics", "Shares", "Trial"]
