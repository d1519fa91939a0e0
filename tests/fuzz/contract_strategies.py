"""Hypothesis strategies for requests, derived from what is served: a new field is fuzzed by itself."""

from typing import Any

from amends.v1 import empathy_service_pb2, playbook_service_pb2
from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2
from hypothesis import strategies as st

METHODS: dict[str, MethodDescriptor] = {
    f"/{service.full_name}/{method.name}": method
    for module in (empathy_service_pb2, playbook_service_pb2, health_pb2, reflection_pb2)
    for service in module.DESCRIPTOR.services_by_name.values()
    for method in service.methods
}
"""By the name that HTTP/2 has for them."""
_MOST_EVENTS = 4
_MOST_ITEMS = 3
_PHRASES = (
    "My parcel is three weeks late and nobody answers!",
    "I am so sorry about the wait.",
    "I will call you by five today.",
    "ok",
    "Thank you, that is kind.",
    "You should have read the terms.",
    "Refund 4111 1111 1111 1111, call +44 20 7946 0958 or write to a.b@example.com, by 2026-13-45.",
    "\u202e\x00\x1e",
    "\U0001f621\u200d\ufe0f e\u0301\u0301",
    "no. 12 p.m. etc... e.g.?!?!?! https://x.y/z",
    "9" * 5000,
)
_TEXTS = st.one_of(st.sampled_from(_PHRASES), st.text(max_size=60), st.lists(st.sampled_from(_PHRASES)).map(" ".join))
_INTEGERS = {
    FieldDescriptor.TYPE_INT32: st.integers(-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_INT64: st.integers(-(2**63), 2**63 - 1),
}


def calls(method: MethodDescriptor) -> st.SearchStrategy[list[bytes]]:
    """The messages of a call: mostly whole, now and then cut or turned about."""
    messages = wire(method.input_type)
    return st.lists(messages, max_size=_MOST_EVENTS) if method.client_streaming else messages.map(lambda one: [one])


def wire(descriptor: Descriptor) -> st.SearchStrategy[bytes]:
    """Messages of a type as bytes."""
    whole = message(descriptor).map(lambda one: one.SerializeToString())
    return st.one_of(whole, whole, whole, st.tuples(whole, st.randoms(use_true_random=False)).map(_damaged))


def message(descriptor: Descriptor) -> st.SearchStrategy[Message]:
    """Messages of a type: each field absent, plausible or hostile."""
    return st.deferred(lambda: _message(descriptor))


def _message(descriptor: Descriptor) -> st.SearchStrategy[Message]:
    fields = {field.name: _values(field) for field in descriptor.fields}
    oneofs = [oneof for oneof in descriptor.oneofs if len(oneof.fields) > 1]
    members = {field.name for oneof in oneofs for field in oneof.fields}
    free = {name: values for name, values in fields.items() if name not in members}
    required = {name: values for name, values in free.items() if name in {"turns", "reply", "role", "text", "event_id"}}
    optional = {name: values for name, values in free.items() if name not in required}
    kind = GetMessageClass(descriptor)
    one = st.fixed_dictionaries(required, optional=optional)
    for oneof in oneofs:
        chosen = st.sampled_from([field.name for field in oneof.fields])
        picked = chosen.flatmap(lambda name: fields[name].map(lambda value: {name: value}))
        one = st.tuples(one, picked).map(lambda pair: {**pair[0], **pair[1]})
    return one.map(lambda given: kind(**given))


def _values(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    values = message(field.message_type) if field.message_type is not None else _plain(field)
    return st.lists(values, max_size=_MOST_ITEMS) if field.is_repeated else values


def _plain(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    rules: validate_pb2.FieldRules = field.GetOptions().Extensions[validate_pb2.field]
    if field.type == FieldDescriptor.TYPE_STRING:
        known = st.sampled_from(["", "unified", "en", "de-CH", "../etc/passwd", "\x00"])
        fitting = st.from_regex(rules.string.pattern, fullmatch=True) if rules.string.pattern else _TEXTS
        return st.one_of(fitting, known) if rules.string.pattern else fitting
    if field.type == FieldDescriptor.TYPE_BYTES:
        return st.binary(max_size=200)
    if field.enum_type is not None:
        defined = st.sampled_from([value.number for value in field.enum_type.values])
        return st.one_of(defined, defined, defined, st.integers(-(2**31), 2**31 - 1))
    if field.type == FieldDescriptor.TYPE_BOOL:
        return st.booleans()
    return st.one_of(st.integers(0, 20), _INTEGERS[field.type])


def _damaged(pair: tuple[bytes, Any]) -> bytes:
    """The bytes with some of them cut out, turned about or written twice."""
    whole, random = pair
    at, to = sorted(random.choices(range(len(whole) + 1), k=2))
    return random.choice([
        whole[:at],
        whole[:at] + whole[to:],
        whole[:to] + whole[at:],
        whole[:at] + random.randbytes(to - at) + whole[to:],
    ])  # fmt: skip
