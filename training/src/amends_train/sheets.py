"""Pen sheets: the plain text in which an author writes rows, read into rows.

@ channel=chat industry=airline register=casual english=Indian kind=contrast
> the customer's message, for the rows below
=                                       starts a group of minimal edits
EMPATHIZE:2,?APOLOGIZE<TAB>a sentence   `-` stands for no label, `?` for an arguable one
VENT,EXPLAIN<TAB>0.85<TAB>a message     in a customer sheet: act, arguable second act, upset
VENT<TAB>0.85<TAB>LISTEN,EMPATHIZE<TAB>APPRECIATE<TAB>a message   so too, with acceptable and wrong next steps
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from amends_train.rows import AgentRow, CustomerRow, RowError

_ATTRIBUTES = ("channel", "industry", "register", "english", "kind")


@dataclass
class _Cursor:
    attributes: dict[str, str] = field(default_factory=dict)
    context: str = ""
    group: int = 0
    grouped: bool = False


def read_agent_sheet(author: str, text: str) -> Iterator[AgentRow]:
    """Gives the rows of an agent sheet, numbered in order."""
    for number, (cursor, columns) in enumerate(_walk(text), 1):
        labels = [] if columns[0].strip() in ("-", "") else [part.strip() for part in columns[0].split(",")]
        firm = tuple(dict.fromkeys(label for label in labels if not label.startswith("?")))
        names = {label.partition(":")[0] for label in firm}
        optional = (label[1:].partition(":")[0] for label in labels if label.startswith("?"))
        yield AgentRow(
            id=f"{author}-{number:04d}",
            author=author,
            text=columns[1].strip(),
            labels=firm,
            optional=tuple(dict.fromkeys(name for name in optional if name not in names)),
            context=cursor.context,
            group=f"{author}-g{cursor.group:04d}" if cursor.grouped else "",
            **cursor.attributes,
        )


def read_customer_sheet(author: str, text: str) -> Iterator[CustomerRow]:
    """Gives the rows of a customer sheet, numbered in order."""
    for number, (cursor, columns) in enumerate(_walk(text), 1):
        act, _, second = columns[0].strip().lstrip("?").partition(",")
        attributes = {key: value for key, value in cursor.attributes.items() if key != "kind"}
        yield CustomerRow(
            id=f"{author}-{number:04d}",
            author=author,
            text=columns[-1].strip(),
            act=act.strip(),
            second_act=second.strip().lstrip("?").partition(",")[0],
            upset=float(columns[1]),
            context=cursor.context,
            acceptable=_steps(columns, 2),
            wrong=_steps(columns, 3),
            **attributes,
        )


def _steps(columns: list[str], place: int) -> tuple[str, ...]:
    """The steps of a column before the message."""
    named = columns[place].split(",") if place < len(columns) - 1 else ()
    return tuple(step.strip() for step in named if step.strip())


def _walk(text: str) -> Iterator[tuple[_Cursor, list[str]]]:
    cursor = _Cursor()
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        if line.startswith("@"):
            given = dict(part.split("=", 1) for part in line[1:].split() if "=" in part)
            cursor.attributes = {key: value for key, value in given.items() if key in _ATTRIBUTES}
            cursor.grouped = False
        elif line.strip() == "=":
            cursor.group += 1
            cursor.grouped = True
        elif line.startswith(">"):
            cursor.context = line[1:].strip()
        else:
            columns = line.split("\t")
            if len(columns) < 2:
                raise RowError(f"line {number}: needs labels, a tab and a sentence")
            yield cursor, columns
