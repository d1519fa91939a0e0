"""Measures what Amends says against what people say: data, suites, statistics, records, reports, gates."""
