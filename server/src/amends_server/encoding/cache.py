"""Encodings that were made before. Right only because the same text always gives the same numbers.

Each tenant has entries of its own in the one bound: a hit shows in the timings of an answer, and would tell a tenant
that another had sent the very same sentence.
"""

from collections import OrderedDict

from amends_core.encoder import Encoding

_ENTRY_OVERHEAD = 472
"""Bytes of keys and objects about an entry's arrays, as sys.getsizeof counts them."""


class EncodingCache:
    """Least recently used out first, bounded by bytes. Belongs to one thread: the event loop's."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._entries: OrderedDict[tuple[str, str], Encoding] = OrderedDict()
        self.nbytes = 0

    def get(self, text: str, tenant: str = "") -> Encoding | None:
        """The encoding of `text`; None where it is not held for the tenant."""
        encoding = self._entries.get((tenant, text))
        if encoding is not None:
            self._entries.move_to_end((tenant, text))
        return encoding

    def put(self, text: str, encoding: Encoding, tenant: str = "") -> None:
        """Holds an encoding, and lets go of the least recently used until the bound is kept."""
        size = _size(text, encoding)
        if size > self._max_bytes or (tenant, text) in self._entries:
            return
        self._entries[tenant, text] = encoding
        self.nbytes += size
        while self.nbytes > self._max_bytes:
            (_, old_text), old = self._entries.popitem(last=False)
            self.nbytes -= _size(old_text, old)


def _size(text: str, encoding: Encoding) -> int:
    return len(text.encode()) + encoding.nbytes + _ENTRY_OVERHEAD
