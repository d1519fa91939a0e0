"""Requests that hold a canary in every string and bytes field, found by walking the contract's descriptors."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from amends.v1 import empathy_service_pb2, playbook_service_pb2
from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

MARK = "zqx"
"""Stands in every canary, and nowhere else."""
_SHAPES = ("zqxcanaryzqx", "zqx-zqxcan")
"""A canary takes the first shape that its field's pattern allows."""
_MOST_DEPTH = 5
SPOILS: dict[str, Callable[[str], str]] = {
    "control character": lambda text: f"{text}\x00{text}",
    "bidirectional override": lambda text: f"{text}\u202e",
    "too long": lambda text: text * 2000,
    "white space": lambda text: f" {text}\n{text} ",
}
Path = tuple[str, ...]


def methods() -> Iterator[MethodDescriptor]:
    """Every method that the server answers."""
    for module in (empathy_service_pb2, playbook_service_pb2, health_pb2, reflection_pb2):
        for service in module.DESCRIPTOR.services_by_name.values():
            yield from service.methods


def path_of(method: MethodDescriptor) -> str:
    """What HTTP/2 calls a method."""
    return f"/{method.containing_service.full_name}/{method.name}"


def requests_of(method: MethodDescriptor, *, names: bool) -> list[Message]:
    """The messages of one call. Without `names`, no field that must name something known is set: the call succeeds.

    A stream gets one message for each member of its oneof; where a call takes one message, so that the whole is seen,
    see `calls_of`.
    """
    return [_filled(method.input_type, choice, names) for choice in range(_choices(method.input_type))]


def calls_of(method: MethodDescriptor, *, names: bool) -> list[list[Message]]:
    """The calls that together set every field of the method's request."""
    requests = requests_of(method, names=names)
    return [requests] if method.client_streaming else [[request] for request in requests]


def spoilt(call: list[Message]) -> Iterator[tuple[str, list[bytes]]]:
    """The same call with one string or bytes field spoilt, for each field and each way, and with broken UTF-8."""
    for index, request in enumerate(call):
        before, after = _wire(call[:index]), _wire(call[index + 1 :])
        for path in text_paths(request):
            for name, spoil in SPOILS.items():
                yield f"{'.'.join(path)}: {name}", [*before, _spoilt(request, path, spoil), *after]
        whole = request.SerializeToString()
        for match in re.finditer(MARK.encode(), whole):
            broken = whole[: match.start()] + b"\xff" + whole[match.start() + 1 :]
            yield f"byte {match.start()}: not UTF-8", [*before, broken, *after]


def text_paths(message: Message) -> Iterator[Path]:
    """The way to each string and bytes field that is set, through the first item of each list."""
    for field, value in message.ListFields():
        if field.message_type is not None:
            inner = value[0] if field.is_repeated else value
            yield from ((field.name, *path) for path in text_paths(inner))
        elif field.type in {FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES}:
            yield (field.name,)


def declared_paths(descriptor: Descriptor, depth: int = 0) -> Iterator[Path]:
    """The same, as the contract declares them."""
    for field in descriptor.fields:
        if field.message_type is not None and depth < _MOST_DEPTH:
            yield from ((field.name, *path) for path in declared_paths(field.message_type, depth + 1))
        elif field.type in {FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES}:
            yield (field.name,)


def _wire(messages: list[Message]) -> list[bytes]:
    return [message.SerializeToString() for message in messages]


def _spoilt(request: Message, path: Path, spoil: Callable[[str], str]) -> bytes:
    changed = type(request)()
    changed.CopyFrom(request)
    owner: Any = changed
    for name in path[:-1]:
        inner = getattr(owner, name)
        owner = inner if isinstance(inner, Message) else inner[0]
    value = getattr(owner, path[-1])
    if isinstance(value, bytes):
        setattr(owner, path[-1], spoil(value.decode()).encode())
    elif isinstance(value, str):
        setattr(owner, path[-1], spoil(value))
    else:
        value[0] = spoil(value[0])
    return changed.SerializeToString()


def _choices(descriptor: Descriptor) -> int:
    return max((len(oneof.fields) for oneof in descriptor.oneofs), default=1)


def _filled(descriptor: Descriptor, choice: int, names: bool, depth: int = 0) -> Message:
    message: Message = GetMessageClass(descriptor)()
    for field in descriptor.fields:
        oneof = field.containing_oneof
        if oneof is not None and oneof.fields[choice % len(oneof.fields)] is not field:
            continue
        if (names or not _is_name(field)) and depth <= _MOST_DEPTH:
            _fill(message, field, choice, names, depth)
    return message


def _fill(message: Message, field: FieldDescriptor, choice: int, names: bool, depth: int) -> None:
    if field.message_type is not None:
        inner = _filled(field.message_type, choice, names, depth + 1)
        if field.is_repeated:
            getattr(message, field.name).append(inner)
        else:
            getattr(message, field.name).CopyFrom(inner)
        return
    value = _value(field, choice)
    if field.is_repeated:
        getattr(message, field.name).append(value)
    else:
        setattr(message, field.name, value)


def _value(field: FieldDescriptor, choice: int) -> object:
    if field.type == FieldDescriptor.TYPE_STRING:
        pattern = _pattern(field)
        fitting = next((shape for shape in _SHAPES if re.search(pattern, shape)), _SHAPES[0])
        return fitting if pattern else f"{fitting}{choice}"  # no two events of a stream may have one id
    if field.type == FieldDescriptor.TYPE_BYTES:
        return _SHAPES[0].encode()
    if field.enum_type is not None:
        return field.enum_type.values[1].number
    return True if field.type == FieldDescriptor.TYPE_BOOL else 1


def _is_name(field: FieldDescriptor) -> bool:
    """Whether a field must name something known: a playbook, a service, a token."""
    is_bytes = field.type == FieldDescriptor.TYPE_BYTES
    foreign = field.file.package != "amends.v1" and field.type == FieldDescriptor.TYPE_STRING
    return is_bytes or foreign or bool(_pattern(field))


def _pattern(field: FieldDescriptor) -> str:
    rules: validate_pb2.FieldRules = field.GetOptions().Extensions[validate_pb2.field]
    return rules.string.pattern
