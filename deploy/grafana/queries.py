"""The PromQL that panels are made of.

Rates are over `$__rate_interval`, which Grafana fits to the zoom; recorded series have their window in their name.
"""

from panels import CHOSEN


def rate(metric: str, by: str, matchers: str = CHOSEN) -> str:
    """How fast a counter grows a second, by labels."""
    return f"sum by ({by}) (rate({metric}{{{matchers}}}[$__rate_interval]))"


def ratio(part: str, whole: str, by: str = "job", only: str = "") -> str:
    """Share of one rate in another; `only` are further matchers of the part."""
    return f"{rate(part, by, CHOSEN + only)}\n/ {rate(whole, by)}"


def per(part: str, whole: str, by: str, only: str = "") -> str:
    """Each kind of the part, per one of the whole; `only` are further matchers of both."""
    chosen = CHOSEN + only
    return f"{rate(part, by, chosen)}\n/ ignoring ({by}) group_left sum (rate({whole}{{{chosen}}}[$__rate_interval]))"


def quantile(share: float, metric: str, by: str = "job") -> str:
    """Of a histogram, by labels."""
    return f"histogram_quantile({share}, {rate(metric + '_bucket', by + ', le')})"


def recorded(name: str, by: str = "") -> str:
    """A series as it is or, by labels, its sum."""
    return f"{name}{{{CHOSEN}}}" if not by else f"sum by ({by}) ({name}{{{CHOSEN}}})"
