"""What this chart uses of the Prometheus operator's kinds, as strict schemas: a misspelt field is an error.

Source: the operator's API reference, monitoring.coreos.com/v1.
"""

from typing import Any


def _object(required: str = "", **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }


_TEXT = {"type": "string", "minLength": 1}
_TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
_DURATION = {"type": "string", "pattern": "^([0-9]+(ms|s|m|h|d|w))+$"}
_RULE = {
    **_object("expr", record=_TEXT, alert=_TEXT, expr=_TEXT, labels=_TEXTS, annotations=_TEXTS, **{"for": _DURATION}),
    "oneOf": [{"required": ["record"]}, {"required": ["alert"]}],
}
_GROUP = _object("name rules", name=_TEXT, interval=_DURATION, rules={"type": "array", "items": _RULE, "minItems": 1})
_ENDPOINT = _object("port interval", port=_TEXT, interval=_DURATION, honorLabels={"type": "boolean"})


def _kind(kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    version = {"const": "monitoring.coreos.com/v1"}
    metadata = _object("name labels", name=_TEXT, labels=_TEXTS)
    return _object(
        "apiVersion kind metadata spec", apiVersion=version, kind={"const": kind}, metadata=metadata, spec=spec
    )


SCHEMAS = {
    "ServiceMonitor": _kind(
        "ServiceMonitor",
        _object(
            "selector endpoints",
            jobLabel=_TEXT,
            selector=_object("matchLabels", matchLabels=_TEXTS),
            endpoints={"type": "array", "items": _ENDPOINT, "minItems": 1},
        ),
    ),
    "PrometheusRule": _kind("PrometheusRule", _object("groups", groups={"type": "array", "items": _GROUP})),
}
