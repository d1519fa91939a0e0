"""Leads a session at a terminal: shows, asks, saves, until it is over, the input ends, or it is broken off."""

from collections.abc import Callable
from typing import Any

from rich.console import Console, RenderableType

from amends_eval.labels.dialogue import Dialogue
from amends_eval.labels.journal import Journal
from amends_eval.labels.screen import END, show_guide


def lead(
    talk: Dialogue[Any],
    journal: Journal,
    show: Callable[[], RenderableType | None],
    console: Console,
    ask: Callable[[str], str],
) -> bool:
    """Leads a session.

    Args:
        talk: the session.
        journal: gets each answer before the next is asked for.
        show: gives what is asked about; None where nothing is left.
        console: where to show it.
        ask: shows a prompt and gives a line; EOFError and KeyboardInterrupt end the session.

    Returns:
        Whether it was not broken off by Ctrl-C.
    """
    console.print(show() or END)
    try:
        while not talk.over:
            response = talk.feed(ask("> "))
            if response.save:
                journal.add(response.save)
            if response.said:
                console.print(response.said)
            if not talk.over:
                console.print(show_guide() if response.help else show() or END)
    except EOFError:
        # Ctrl-D, or the end of what was piped in: as good as `q`.
        console.print()
    except KeyboardInterrupt:
        console.print()
        return False
    return True
