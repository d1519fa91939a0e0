"""Gathers the .proto sources that ours import, for buf and protoc, which want source.

`google/rpc/status.proto` lies in the googleapis-common-protos package. The protovalidate package carries
`buf/validate/validate.proto` only as a compiled descriptor: this renders it (names, numbers, types, extension
ranges; options and comments are not needed to compile against it). Nothing is copied by hand, and the
versions are the pinned ones.

Usage: python proto/protodeps.py OUTPUT_DIR
"""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from google.protobuf import descriptor_pb2 as pb
from google.rpc import status_pb2
from protovalidate._gen.buf.validate.validate_pb import desc

LABELS = {1: "optional ", 2: "required ", 3: "repeated "}
SCALARS = {number: name.removeprefix("TYPE_").lower() for name, number in pb.FieldDescriptorProto.Type.items()}
HEADER = """\
// Rendered from the descriptor in the protovalidate package (Apache-2.0, Buf Technologies, Inc.).
// Not edited by hand and not committed: `make proto` writes it anew.
"""


def render_field(field: pb.FieldDescriptorProto, *, in_oneof: bool = False) -> str:
    kind = field.type_name or SCALARS[field.type]
    label = "" if in_oneof else LABELS[field.label]
    return f"{label}{kind} {field.name} = {field.number};"


def render_ranges(word: str, ranges: Iterator[tuple[int, int]]) -> Iterator[str]:
    for start, end in ranges:
        last = "max" if end >= 1 << 29 else str(end - 1)
        yield f"{word} {start} to {last};"


def render_message(message: pb.DescriptorProto) -> Iterator[str]:
    yield f"message {message.name} {{"
    for nested in message.nested_type:
        yield from render_message(nested)
    for enum in message.enum_type:
        yield from render_enum(enum)
    for index, oneof in enumerate(message.oneof_decl):
        members = [f for f in message.field if f.HasField("oneof_index") and f.oneof_index == index]
        yield f"oneof {oneof.name} {{"
        yield from (render_field(member, in_oneof=True) for member in members)
        yield "}"
    yield from (render_field(f) for f in message.field if not f.HasField("oneof_index"))
    yield from render_ranges("extensions", ((r.start, r.end) for r in message.extension_range))
    yield from render_ranges("reserved", ((r.start, r.end) for r in message.reserved_range))
    yield "}"


def render_enum(enum: pb.EnumDescriptorProto) -> Iterator[str]:
    yield f"enum {enum.name} {{"
    yield from (f"{value.name} = {value.number};" for value in enum.value)
    yield "}"


def render_file(file: pb.FileDescriptorProto) -> Iterator[str]:
    yield HEADER
    yield f'syntax = "{file.syntax or "proto2"}";'
    yield f"package {file.package};"
    yield from (f'import "{dependency}";' for dependency in file.dependency)
    for enum in file.enum_type:
        yield from render_enum(enum)
    for message in file.message_type:
        yield from render_message(message)
    for extension in file.extension:
        yield f"extend {extension.extendee} {{ {render_field(extension)} }}"


def main(output: Path) -> None:
    file = pb.FileDescriptorProto.FromString(desc().proto.to_binary())
    path = output / file.name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(render_file(file)) + "\n", encoding="utf-8")
    status = output / "google/rpc/status.proto"
    status.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(Path(status_pb2.__file__).with_name("status.proto"), status)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
