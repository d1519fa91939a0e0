"""Labels that people bring or give: imported from their tables, given at the terminal, settled between two.

Knows datasets and nothing of suites or targets; what talks to a terminal is kept apart from what decides.
"""
