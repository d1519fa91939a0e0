"""YAML files that are read into checked models. Errors tell the place and the rule, and nothing that stands there."""

from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from amends_server.identity.caller import IdentityError

_MAX_BYTES = 4 << 20
_SHOWN = 5
M = TypeVar("M", bound=BaseModel)


def read_document(model: type[M], path: Path, content: bytes) -> M:
    """Reads `content`, that of the file at `path`.

    Raises:
        IdentityError: it is too large, no YAML, or breaks a rule of the model.
    """
    if len(content) > _MAX_BYTES:
        raise IdentityError(f"{path}: larger than {_MAX_BYTES >> 20} MiB; shorten it")
    try:
        return model.model_validate(yaml.load(content, Loader=yaml.CSafeLoader) or {})
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}: " if mark else ""
        raise IdentityError(f"{path}: {place}no YAML; mend it there") from None
    except ValidationError as error:
        shown = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
        more = f" (and {len(shown) - _SHOWN} more)" if len(shown) > _SHOWN else ""
        raise IdentityError(f"{path}: {'; '.join(shown[:_SHOWN])}{more}") from None
