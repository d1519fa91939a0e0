"""How sure a figure is, and whether two differ. Knows nothing of suites."""
