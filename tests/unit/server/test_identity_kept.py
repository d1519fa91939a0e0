"""Files that change: a good one is taken in once it is whole, a broken one is told and ignored."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from amends_server.identity.caller import IdentityError
from amends_server.identity.certificates import keep_certificates, read_certificates
from amends_server.identity.kept import Contents, Kept
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
