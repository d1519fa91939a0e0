"""Bearer tokens: only the very token counts, only its checksum is kept, and it ends when it should."""

import hmac
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from amends_server.identity.caller import Caller, IdentityError, Method, NotKnown
from amends_server.identity.tenants import Tenant
from amends_server.identity.token_file import parse_tokens, with_entry
from amends_server.identity.tokens import Entry, TokenStore, make_token
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2030, 1, 1, tzinfo=UTC)
FILE = Path("tokens.yaml")
TENANTS = {"acme": Tenant("acme"), "default": Tenant("default")}


def test_who_holds_a_token_is_known() -> None:
    token, entry = make_token("acme", "desk")
    assert TokenStore([entry]).verify(token, NOW) == Caller("acme", "desk", Method.TOKEN)


def test_what_is_kept_does_not_hold_the_secret() -> None:
    token, entry = make_token("acme", "desk")
    assert token[24:] not in repr(entry)
    assert token[24:].encode() not in with_entry(FILE, b"", entry)


def test_no_two_tokens_are_alike() -> None:
    assert len({make_token("acme", "desk")[0] for _ in range(100)}) == 100


@given(place=st.integers(0, 66), letter=st.sampled_from("0aZ-_x"))
def test_a_token_with_one_other_character_is_not_known(place: int, letter: str) -> None:
    token, entry = make_token("acme", "desk")
    other = token[:place] + letter + token[place + 1 :]
    if other == token:
        return
    with pytest.raises(NotKnown) as caught:
        TokenStore([entry]).verify(other, NOW)
    assert caught.value.reason == "BAD_TOKEN"


@given(st.text(max_size=200))
def test_no_text_is_a_token_by_chance_and_none_is_echoed(text: str) -> None:
    _, entry = make_token("acme", "desk")
    with pytest.raises(NotKnown) as caught:
        TokenStore([entry]).verify(text, NOW)
    assert len(text) < 8 or text not in str(caught.value)


def test_every_comparison_takes_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A known id, an unknown id and no token at all are compared alike, whole checksum with whole checksum."""
    compared: list[tuple[int, int]] = []

    def compare(a: str, b: str) -> bool:
        compared.append((len(a), len(b)))
        return hmac.compare_digest(a, b)

    monkeypatch.setattr(
        "amends_server.identity.tokens.hmac", type("Hmac", (), {"compare_digest": staticmethod(compare)})
    )
    _, entry = make_token("acme", "desk")
    strange, _ = make_token("acme", "desk")
    for token in (f"amends_{entry.id}_{'x' * 43}", strange, "nonsense"):
        with pytest.raises(NotKnown):
            TokenStore([entry]).verify(token, NOW)
    assert compared == [(64, 64)] * 3


@pytest.mark.parametrize(("left_s", "known"), [(1, True), (0, False), (-1, False)])
def test_a_token_ends_to_the_second(left_s: int, known: bool) -> None:
    token, entry = make_token("acme", "desk", NOW + timedelta(seconds=left_s))
    store = TokenStore([entry])
    if known:
        assert store.verify(token, NOW).subject == "desk"
    else:
        with pytest.raises(NotKnown, match="has ended") as caught:
            store.verify(token, NOW)
        assert caught.value.reason == "EXPIRED_TOKEN"


def test_an_end_is_not_told_to_who_does_not_hold_the_token() -> None:
    _, entry = make_token("acme", "desk", NOW - timedelta(days=1))
    with pytest.raises(NotKnown) as caught:
        TokenStore([entry]).verify(f"amends_{entry.id}_{'x' * 43}", NOW)
    assert caught.value.reason == "BAD_TOKEN"


def test_two_tokens_of_one_id_are_refused() -> None:
    _, entry = make_token("acme", "desk")
    with pytest.raises(IdentityError, match="two tokens have the id"):
        TokenStore([entry, entry])


SUBJECTS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=200)


@given(subjects=st.lists(SUBJECTS, min_size=1, max_size=5), days=st.none() | st.integers(1, 3650))
def test_what_is_written_is_read(subjects: list[str], days: int | None) -> None:
    content, made = b"", []
    for subject in subjects:
        token, entry = make_token("acme", subject, NOW + timedelta(days=days) if days else None)
        content = with_entry(FILE, content, entry)
        made.append((token, subject))
    store = parse_tokens(FILE, content, TENANTS)
    assert [store.verify(token, NOW).subject for token, _ in made] == [subject for _, subject in made]


def test_a_date_without_a_zone_is_in_utc() -> None:
    token, entry = make_token("acme", "desk")
    content = with_entry(FILE, b"", entry) + b"    expires: 2030-01-01\n"
    with pytest.raises(NotKnown, match="ended"):
        parse_tokens(FILE, content, TENANTS).verify(token, NOW)
    assert parse_tokens(FILE, content, TENANTS).verify(token, NOW - timedelta(seconds=1))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": "short"}, "tokens.yaml: line 2: tokens[0].id: "),
        ({"sha256": "amends_0123456789abcdef_s3cret"}, "tokens.yaml: line 2: tokens[0].sha256: "),
        ({"subject": ""}, "tokens.yaml: line 2: tokens[0].subject: "),
        ({"tenant": "nobody"}, "'nobody', which has no folder in --tenant-dir"),
        ({"expires": "soon"}, "tokens.yaml: line 2: tokens[0].expires: "),
        ({"role": "admin"}, "tokens.yaml: line 2: tokens[0].role: "),
    ],
    ids=str,
)
def test_a_broken_entry_is_named_and_not_quoted(change: dict[str, Any], message: str) -> None:
    fields = {"id": "0" * 16, "sha256": "0" * 64, "tenant": "acme", "subject": "desk", **change}
    content = f"tokens:\n  - {fields}\n".encode()
    with pytest.raises(IdentityError) as caught:
        parse_tokens(FILE, content, TENANTS)
    assert message in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "content", [b"tokens: [", b"tokens: {}", b"- a", b"", b"tokens:\n  - s3cret\n", b"\xff\xfe\x00"]
)
def test_a_file_that_is_none_is_refused_without_quoting_it(content: bytes) -> None:
    with pytest.raises(IdentityError, match=r"^tokens\.yaml") as caught:
        parse_tokens(FILE, content, TENANTS)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tokens:\n  - " + "[" * 100_000, "line 2: not valid YAML for tokens or terms: nested deeper than 8"),
        ("tokens:\n  - subject: s3cret\n    expires: 2026-13-45\n", "line 3: .* number or a date"),
        ("tokens:\n  - expires: " + "9" * 5000, "line 2: .* number of more than 100 characters"),
        ("tokens:\n  - expires: 1" + ":59" * 400 + ".0", "line 2: .* number of more than 100 characters"),
        ("tokens: &s3cret [*s3cret]", r"line 1: .* anchors \(&\)"),
        ("tokens: !!python/name:os.system s3cret", r"line 1: .* tags \(!\)"),
        ("tokens:\n" + "  - a\n" * 150_001, "line 149999: .* more than 150000 values; shorten it"),
        ("#" * (4 << 20) + "\n", "larger than 4194304 bytes; shorten it"),
    ],
    ids=["deep", "day", "digits", "sixties", "anchors", "tags", "values", "bytes"],
)
def test_a_file_that_would_break_its_reader_is_refused_at_its_line(text: str, message: str) -> None:
    with pytest.raises(IdentityError, match=rf"^tokens\.yaml: {message}") as caught:
        parse_tokens(FILE, text.encode(), TENANTS)
    assert "s3cret" not in str(caught.value)


def test_an_id_that_comes_twice_is_told_with_its_file() -> None:
    _, entry = make_token("acme", "desk")
    content = with_entry(FILE, with_entry(FILE, b"", entry), entry)
    with pytest.raises(IdentityError, match=r"^tokens\.yaml: two tokens have the id"):
        parse_tokens(FILE, content, TENANTS)


def test_as_many_tokens_as_may_be_are_read() -> None:
    token = "  - {id: '%016x', sha256: '%064x', tenant: acme, subject: desk, expires: 2030-01-01}\n"
    content = "tokens:\n" + "".join(token % (number, number) for number in range(10_000))
    parse_tokens(FILE, content.encode(), TENANTS)


def test_an_entry_is_put_where_the_list_ends_or_not_at_all() -> None:
    _, entry = make_token("acme", "desk")
    with pytest.raises(IdentityError):
        with_entry(FILE, b"tokens: []\n", entry)
    with pytest.raises(IdentityError):
        with_entry(FILE, b"tokens:\nother: 1\n", Entry("0" * 16, "0" * 64, "acme", "desk"))
