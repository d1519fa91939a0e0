"""The one look of every table, and of tables among other text."""

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from amends_cli.words import QUIET


def plain_table(title: str, *columns: str, show_footer: bool = False) -> Table:
    """Gives a table without lines; columns that need more than a name are added by the caller."""
    table = Table(
        title=Text(title, style="bold"),
        title_justify="left",
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
        header_style=QUIET,
        footer_style="bold",
        show_footer=show_footer,
    )
    for column in columns:
        table.add_column(column)
    return table


def stacked(sections: Iterable[RenderableType]) -> Group:
    """Puts sections one below the other, with a blank line before each table but a first one."""
    shown: list[RenderableType] = []
    for section in sections:
        if shown and isinstance(section, Table):
            shown.append(Text())
        shown.append(section)
    return Group(*shown)
