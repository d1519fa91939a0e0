"""The JSON Schema of each dataset's rows, made from the row models, so that other tools can check them."""

import json

from amends_eval.datasets.rows import Row

SCHEMA = "schema.json"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema(model: type[Row]) -> str:
    """The schema of one line, as the file holds it."""
    made = {"$schema": _DIALECT, **model.model_json_schema()}
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"
