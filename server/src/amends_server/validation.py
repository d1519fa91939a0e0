"""Holds requests to the rules written in the contract."""

from typing import Any

import protovalidate
from buf.validate import validate_pb2
from google.protobuf.message import Message

from amends_server.errors import invalid


def validate(request: Message) -> None:
    """Checks a request against the validate rules of its fields.

    Raises:
        CallError: INVALID_ARGUMENT that names every field that breaks a rule, the rule and the limit.
    """
    violations = protovalidate.collect_violations(request)
    if violations:
        raise invalid([_violation(v.proto) for v in violations])


def field_rules(message: type[Message], field: str) -> validate_pb2.FieldRules:
    """The validate rules of a field, as the contract has them."""
    options: Any = message.DESCRIPTOR.fields_by_name[field].GetOptions()
    rules: validate_pb2.FieldRules = options.Extensions[validate_pb2.field]
    return rules


def _violation(broken: Any) -> tuple[str, str]:
    # A rule on a whole message has no path; its id begins with the field it concerns.
    path = _path(broken.field) or broken.rule_id.partition(".")[0]
    return path, f"{broken.message.removeprefix(f'{path} ')} ({broken.rule_id})"


def _path(path: Any) -> str:
    return ".".join(
        element.field_name + (f"[{element.subscript.value}]" if element.subscript else "")
        for element in (path.elements if path is not None else ())
    )
