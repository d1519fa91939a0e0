"""`amends eval suites`: says what can be measured."""

from amends_eval.cli.tables import console, plain_table
from amends_eval.suites.catalogue import suites


def command() -> None:
    """List the suites, what each measures and on which datasets."""
    table = plain_table("", "suite", "measures", "datasets")
    for suite in suites().values():
        table.add_row(suite.name, suite.summary, ", ".join(suite.datasets))
    console().print(table)
