"""Says on standard error what is being done: some scenarios last an hour."""

import time

from rich.console import Console

_console = Console(stderr=True)


def say(what: str) -> None:
    """Prints a line with the time of day."""
    _console.print(f"{time.strftime('%H:%M:%S')} {what}", style="dim", highlight=False)
