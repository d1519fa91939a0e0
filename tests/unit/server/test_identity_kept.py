"""Files that change: a good one is taken in once it is whole, a broken one is told and ignored."""

import asyncio
import base64
import logging
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from amends_server.identity.caller import IdentityError
from amends_server.identity.certificates import keep_certificates, read_certificates
from amends_server.identity.kept import Contents, Kept, KeptWatcher
from certificates import Authority
from hypothesis import given
from hypothesis import strategies as st


class Told:
    def __init__(self) -> None:
        self.events: list[tuple[str, str]] = []

    def __call__(self, what: str, outcome: str) -> None:
        self.events.append((what, outcome))


def number_of(contents: Contents) -> int:
    try:
        return int(contents[0])
    except ValueError:
        raise IdentityError("no number") from None


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "number"
    path.write_text("1")
    return path


@pytest.fixture
def kept(file: Path, told: Told) -> Kept[int]:
    return Kept("numbers", [file], number_of, told)


def test_a_change_counts_once_it_was_seen_twice_alike(kept: Kept[int], file: Path, told: Told) -> None:
    file.write_text("2")
    assert kept.look()
    assert kept.current == 1
    file.write_text("25")
    assert kept.look()
    assert kept.current == 1
    assert not kept.look()
    assert kept.current == 25
    assert told.events == [("numbers", "loaded")]
    assert not kept.look()


def test_a_broken_file_is_told_once_and_the_last_good_one_stays(
    kept: Kept[int], file: Path, told: Told, caplog: pytest.LogCaptureFixture
) -> None:
    file.write_text("s3cret")
    with caplog.at_level(logging.INFO):
        for _ in range(5):
            kept.look()
    assert kept.current == 1
    assert told.events == [("numbers", "refused")]
    (record,) = caplog.records
    assert (record.message, record.__dict__["problem"]) == ("numbers refused", "no number")
    file.write_text("3")
    kept.look()
    kept.look()
    assert kept.current == 3


def number_or_anything(contents: Contents) -> int:
    """Reads as `number_of`, but fails as a library may that was never told of such a file."""
    if contents[0] == b"s3cret":
        raise RecursionError(contents[0].decode())
    return number_of(contents)


def test_what_nobody_foresaw_is_refused_by_its_type_alone(
    file: Path, told: Told, caplog: pytest.LogCaptureFixture
) -> None:
    kept = Kept("numbers", [file], number_or_anything, told)
    file.write_text("s3cret")
    with caplog.at_level(logging.INFO):
        for _ in range(5):
            kept.look()
    assert (kept.current, told.events) == (1, [("numbers", "refused")])
    (record,) = caplog.records
    remedy = "mend it, or put the last good one back"
    assert record.__dict__["problem"] == f"{file}: cannot be used (RecursionError); {remedy}"
    assert "s3cret" not in str(record.__dict__)


async def test_a_watch_outlives_what_nobody_foresaw(file: Path, told: Told) -> None:
    changed = asyncio.Event()
    loop = asyncio.get_running_loop()

    def tell(what: str, outcome: str) -> None:
        told(what, outcome)
        loop.call_soon_threadsafe(changed.set)

    kept = Kept("numbers", [file], number_or_anything, tell)
    watch = asyncio.create_task(KeptWatcher([kept], 0.01).run())
    for content in ("s3cret", "2"):
        changed.clear()
        file.write_text(content)
        await changed.wait()
    watch.cancel()
    await asyncio.wait([watch])
    assert watch.cancelled()
    assert (kept.current, told.events) == (2, [("numbers", "refused"), ("numbers", "loaded")])


def test_a_pipe_or_too_large_a_file_in_its_place_is_refused(
    kept: Kept[int], file: Path, told: Told, caplog: pytest.LogCaptureFixture
) -> None:
    file.unlink()
    os.mkfifo(file)
    for _ in range(2):
        kept.look()
    file.unlink()
    file.write_bytes(b"1" * (4 << 20) + b"1")
    for _ in range(2):
        kept.look()
    assert (kept.current, told.events) == (1, [("numbers", "refused")] * 2)
    problems = [record.__dict__["problem"] for record in caplog.records]
    assert problems == [
        f"cannot read {file}: it is no regular file; give a readable file",
        f"{file}: larger than 4194304 bytes; shorten it",
    ]


def test_a_file_that_went_away_is_told_once_and_may_come_back(kept: Kept[int], file: Path, told: Told) -> None:
    file.unlink()
    for _ in range(3):
        kept.look()
    assert (kept.current, told.events) == (1, [("numbers", "refused")])
    file.write_text("2")
    kept.look()
    kept.look()
    assert kept.current == 2


def test_what_is_put_back_before_it_settled_was_no_change(kept: Kept[int], file: Path, told: Told) -> None:
    file.write_text("2")
    kept.look()
    file.write_text("1")
    assert not kept.look()
    assert told.events == []


def test_nothing_to_read_at_the_start_is_an_error(tmp_path: Path, told: Told) -> None:
    with pytest.raises(IdentityError, match=r"cannot read .*absent: No such file"):
        Kept("numbers", [tmp_path / "absent"], number_of, told)


@given(st.lists(st.sampled_from(["1", "2", "3", "x", ""]), max_size=30))
def test_what_serves_is_always_the_last_good_content_that_settled(
    tmp_path_factory: pytest.TempPathFactory, contents: list[str]
) -> None:
    path = tmp_path_factory.mktemp("kept") / "number"
    path.write_text("1")
    kept = Kept("numbers", [path], number_of, Told())
    expected, before = 1, "1"
    for content in contents:
        path.write_text(content)
        kept.look()
        if content == before and content.isdigit():
            expected = int(content)
        before = content
        assert kept.current == expected


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "authority")


def test_a_pair_and_its_authorities_are_read(authority: Authority) -> None:
    pair = authority.issue("server")
    now = datetime.now(UTC)
    read = read_certificates((pair.key.read_bytes(), pair.cert.read_bytes(), authority.cert.read_bytes()), now)
    assert timedelta(minutes=59) < read.expires - now <= timedelta(hours=1)
    assert read.authorities == authority.cert.read_bytes()


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda key, cert, other, ca: (key, b"nothing", ca), "--tls-cert holds no PEM"),
        (lambda key, cert, other, ca: (key, cert[:-100], ca), "--tls-cert holds no PEM"),
        (lambda key, cert, other, ca: (b"nothing", cert, ca), "--tls-key holds no PEM"),
        (lambda key, cert, other, ca: (cert, key, ca), "--tls-cert holds no PEM"),
        (lambda key, cert, other, ca: (other, cert, ca), "--tls-key is not the key"),
        (lambda key, cert, other, ca: (key, cert, b""), "--tls-client-ca holds no PEM"),
    ],
)
def test_what_does_not_fit_together_is_refused(
    authority: Authority, broken: Callable[..., Contents], message: str
) -> None:
    pair, other = authority.issue("server"), authority.issue("other")
    files = (pair.key, pair.cert, other.key, authority.cert)
    with pytest.raises(IdentityError, match=message):
        read_certificates(broken(*(file.read_bytes() for file in files)), datetime.now(UTC))


@pytest.mark.parametrize(("kind", "size"), [("2b6500", 32), ("2b6570", 31)], ids=["unknown", "too short"])
def test_a_strange_key_is_refused(authority: Authority, kind: str, size: int) -> None:
    body = bytes.fromhex(f"02010030050603{kind}") + bytes([4, size + 2, 4, size]) + bytes(size)
    whole = base64.b64encode(bytes([0x30, len(body)]) + body)
    pem = b"-----BEGIN PRIVATE KEY-----\n" + whole + b"\n-----END PRIVATE KEY-----\n"
    with pytest.raises(IdentityError, match="--tls-key holds no PEM"):
        read_certificates((pem, authority.issue("server").cert.read_bytes()), datetime.now(UTC))


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_certificate_out_of_date_is_refused(authority: Authority, hours: int) -> None:
    pair = authority.issue("server")
    with pytest.raises(IdentityError, match="renew it"):
        read_certificates((pair.key.read_bytes(), pair.cert.read_bytes()), datetime.now(UTC) + timedelta(hours=hours))


def test_a_pair_that_is_replaced_one_file_after_the_other_is_never_told_as_broken(
    authority: Authority, told: Told, tmp_path: Path
) -> None:
    old, new = authority.issue("old"), authority.issue("new")
    cert, key = tmp_path / "tls.crt", tmp_path / "tls.key"
    cert.write_bytes(old.cert.read_bytes())
    key.write_bytes(old.key.read_bytes())
    kept = keep_certificates(cert, key, None, told)
    cert.write_bytes(new.cert.read_bytes())
    kept.look()
    key.write_bytes(new.key.read_bytes())
    kept.look()
    kept.look()
    assert kept.current.chain == new.cert.read_bytes()
    assert told.events == [("certificates", "loaded")]
