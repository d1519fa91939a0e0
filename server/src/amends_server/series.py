"""Metrics that keep their series at hand. A call counts some twenty, and finding one anew takes as long as counting it.

Label sets are bounded, and no series is ever taken away.
"""

from functools import cache
from typing import Any

import prometheus_client
from prometheus_client.metrics import MetricWrapperBase


class _AtHand(MetricWrapperBase):
    """Finds a series by its label values in one look-up: prometheus_client locks, checks and makes text of each."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.labels = cache(self.labels)  # type: ignore[method-assign]


class Counter(_AtHand, prometheus_client.Counter):
    """See `prometheus_client.Counter`."""


class Histogram(_AtHand, prometheus_client.Histogram):
    """See `prometheus_client.Histogram`."""
