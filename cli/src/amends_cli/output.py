"""How results leave: as text for people, as JSON for programs, as SVG for documents."""

import io
import json
import re
from pathlib import Path
from typing import Any

import typer
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from rich.console import Console, RenderableType

from amends_cli.failures import InputError

_SVG_COLUMNS = 100
_FONT_FACE = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def print_text(content: RenderableType) -> None:
    """Prints for people; what looks like markup in it stays as it is."""
    Console(markup=False, emoji=False, highlight=False).print(content)


def print_json(message: Message) -> None:
    """Prints a message as JSON, with the names of the contract."""
    typer.echo(json.dumps(as_dict(message), ensure_ascii=False, indent=2))


def print_line(value: dict[str, Any]) -> None:
    """Prints a value as one line of JSON."""
    typer.echo(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def as_dict(message: Message) -> dict[str, Any]:
    """Gives a message as JSON has it; zeros are written, since a score or an index of 0 tells something."""
    return MessageToDict(message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)


def write_svg(content: RenderableType, path: Path, *, title: str) -> None:
    """Writes what people would see as an SVG picture.

    Raises:
        InputError: the file cannot be written.
    """
    console = Console(
        record=True,
        file=io.StringIO(),
        width=_SVG_COLUMNS,
        force_terminal=True,
        color_system="truecolor",
        markup=False,
        emoji=False,
        highlight=False,
    )
    console.print(content)
    # Rich would have the picture load its font from another site.
    picture = _FONT_FACE.sub("", console.export_svg(title=title))
    try:
        path.write_text(picture, encoding="utf-8")
    except OSError as error:
        raise InputError(f"--svg: cannot write {path}: {error.strerror}") from error
