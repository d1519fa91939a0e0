"""What metrics call the methods of a service, read from its descriptor."""

from collections.abc import Iterator
from dataclasses import dataclass

from google.protobuf.descriptor import ServiceDescriptor

_KINDS = {(False, False): "unary", (False, True): "server_stream", (True, True): "bidi_stream"}
"""By whether requests and answers are streams."""


@dataclass(frozen=True, slots=True)
class Method:
    """One method of one service."""

    kind: str
    service: str
    name: str

    @property
    def labels(self) -> tuple[str, str, str]:
        """Type, service and name, as the metrics of calls have them."""
        return (self.kind, self.service, self.name)

    @property
    def is_stream(self) -> bool:
        """Whether more than one message goes either way."""
        return self.kind != "unary"


def methods_of(*services: ServiceDescriptor) -> Iterator[Method]:
    """Every method of services, in their order."""
    for service in services:
        for each in service.methods:
            yield Method(_KINDS[each.client_streaming, each.server_streaming], service.full_name, each.name)
