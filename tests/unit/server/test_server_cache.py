"""Least recently used out first, within a bound of bytes."""

from collections import OrderedDict

from amends_server.encoding import EncodingCache
from fake_encoders import encoding
from hypothesis import given, settings
from hypothesis import strategies as st

_OVERHEAD = 472


def _size(text: str, floats: int) -> int:
    return len(text.encode()) + 4 * floats + _OVERHEAD


def test_what_was_put_is_got_and_nothing_else() -> None:
    cache = EncodingCache(10_000)
    held = encoding()
    cache.put("a", held)
    assert cache.get("a") is held
    assert cache.get("b") is None


def test_the_least_recently_used_goes_first() -> None:
    cache = EncodingCache(2 * _size("a", 4))
    cache.put("a", encoding())
    cache.put("b", encoding())
    cache.get("a")
    cache.put("c", encoding())
    assert cache.get("b") is None
    assert cache.get("a") is not None
    assert cache.get("c") is not None


def test_what_does_not_fit_at_all_displaces_nothing() -> None:
    cache = EncodingCache(_size("a", 4))
    cache.put("a", encoding(4))
    cache.put("b", encoding(5))
    assert cache.get("a") is not None
    assert cache.get("b") is None


def test_a_text_put_again_counts_once() -> None:
    cache = EncodingCache(10_000)
    first = encoding()
    cache.put("a", first)
    cache.put("a", encoding())
    assert cache.get("a") is first
    assert cache.nbytes == _size("a", 4)


def test_no_memory_caches_nothing() -> None:
    cache = EncodingCache(0)
    cache.put("a", encoding())
    assert cache.get("a") is None
    assert cache.nbytes == 0


def test_a_text_counts_by_its_bytes_not_its_characters() -> None:
    cache = EncodingCache(10_000)
    cache.put("\U0001f600", encoding())
    assert cache.nbytes == _size("abcd", 4)


_TEXTS = st.sampled_from(["a", "b", "cc", "\u00e9", "\U0001f600\U0001f600", "e" * 300])
_STEPS = st.lists(st.tuples(st.booleans(), _TEXTS, st.integers(2, 200)))


@settings(deadline=None)
@given(limit=st.integers(0, 3000), steps=_STEPS)
def test_it_behaves_as_an_ordered_dict_with_a_bound(limit: int, steps: list[tuple[bool, str, int]]) -> None:
    cache, model = EncodingCache(limit), OrderedDict[str, int]()
    for is_put, text, floats in steps:
        if is_put:
            cache.put(text, encoding(floats))
            size = _size(text, floats)
            if size <= limit:
                model.setdefault(text, size)
            while sum(model.values()) > limit:
                model.popitem(last=False)
        else:
            assert (cache.get(text) is not None) == (text in model)
            if text in model:
                model.move_to_end(text)
        assert cache.nbytes == sum(model.values()) <= limit


def test_no_tenant_finds_what_another_put() -> None:
    cache = EncodingCache(10_000)
    held, other = encoding(), encoding()
    cache.put("a", held, "acme")
    assert cache.get("a", "beta") is None
    assert cache.get("a") is None
    cache.put("a", other, "beta")
    assert (cache.get("a", "acme"), cache.get("a", "beta")) == (held, other)
    assert cache.nbytes == 2 * _size("a", 4)
