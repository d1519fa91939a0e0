"""Files that are read whole, within bounds, and YAML among them into checked models.

Errors tell the place and the rule, and nothing that stands there.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from amends_core.documents import Bounds, Document, Problem, Unreadable, shown
from amends_core.documents import read_document as read_yaml
from pydantic import BaseModel, ValidationError

from amends_server.identity.caller import IdentityError

MAX_BYTES = 4 << 20
_BOUNDS = Bounds("tokens or terms", "shorten it", max_bytes=MAX_BYTES, max_values=150_000)
"""Ten thousand tokens fit, of eleven values each."""
_SHOWN = 5
M = TypeVar("M", bound=BaseModel)


def read_content(path: Path) -> bytes:
    """What a file holds.

    Raises:
        IdentityError: it cannot be read, is no regular file, or is too large.
    """
    try:
        if path.exists() and not path.is_file():  # a pipe or a device may never end
            raise IdentityError(f"cannot read {path}: it is no regular file; give a readable file")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise IdentityError(f"cannot read {path}: {error.strerror}; give a readable file") from None
    if len(content) > MAX_BYTES:
        raise IdentityError(f"{path}: larger than {MAX_BYTES} bytes; shorten it")
    return content


def read_document(model: type[M], path: Path, content: bytes) -> M:
    """Reads `content`, that of the file at `path`.

    Raises:
        IdentityError: it is too large, no YAML, or breaks a rule of the model.
    """
    document = _document(path, content)
    try:
        return model.model_validate(document.data or {})
    except ValidationError as error:
        problems = list(map(str, _problems(document, error)))
        more = f" (and {len(problems) - _SHOWN} more)" if len(problems) > _SHOWN else ""
        raise IdentityError(f"{path}: {'; '.join(problems[:_SHOWN])}{more}") from None


def _document(path: Path, content: bytes) -> Document:
    try:
        return read_yaml(content.decode(), _BOUNDS)
    except UnicodeDecodeError:
        raise IdentityError(f"{path}: it is no text in UTF-8; save it as such") from None
    except Unreadable as error:
        raise IdentityError(f"{path}: {error}") from None


def _problems(document: Document, error: ValidationError) -> Iterator[Problem]:
    for each in error.errors(include_url=False, include_context=False, include_input=False):
        parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in each["loc"])
        field = "".join(parts).removeprefix(".")
        yield Problem(shown(field), each["msg"], line=document.line_of(field))
