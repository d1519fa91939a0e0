"""What every peer is asked: the same messages and replies, as each takes them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from amends.v1 import empathy_service_pb2 as pb
from amends_client import customer, reply_request
from amends_core.text import digest, split

from benchmarks.caller import Call, call_of
from benchmarks.texts import Script


@dataclass(frozen=True, slots=True)
class Item:
    """One message of a customer and the reply to it."""

    request: pb.ScoreReplyRequest
    """As ours takes it."""
    texts: tuple[str, ...]
    """The sentences that ours encodes for it: the message, and those of the reply."""

    @property
    def ours(self) -> Call:
        """For our service."""
        return call_of(self.request)

    @property
    def split(self) -> Call:
        """For the synchronous peers: split already, one sentence a turn."""
        return call_of(reply_request([customer(self.texts[0])], list(self.texts[1:])))

    @property
    def json(self) -> Call:
        """For peers that speak HTTP."""
        return Call("POST", json.dumps({"input": self.texts, "model": "default", "encoding_format": "base64"}).encode())


def workload(count: int) -> Sequence[Item]:
    """So many items, always the same."""
    script = Script(seed=20)
    return [_item(script.message(), script.reply()) for _ in range(count)]


def _item(message: str, reply: str) -> Item:
    sentences = tuple(span.trimmed(reply).of(reply) for span in split(reply))
    return Item(reply_request([customer(message)], reply), tuple(dict.fromkeys((digest(message), *sentences))))


def mean_sentences(items: Sequence[Item]) -> float:
    """Sentences an item."""
    return round(sum(len(item.texts) for item in items) / len(items), 2)
