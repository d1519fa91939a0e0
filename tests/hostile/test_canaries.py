"""No word of a caller leaves by a log, trace, metric, error, trailer or crash, in whatever field or header it is."""

import signal
import socket
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import grpc
import pytest
from amends.v1 import empathy_service_pb2 as pb
from amends_client.testing import ServerProcess, server_environment
from amends_core.playbooks.library import DATA_DIR
from amends_server.identity.token_file import with_entry
from amends_server.identity.tokens import make_token
from canaries import MARK, calls_of, declared_paths, methods, path_of, requests_of, spoilt, text_paths
from google.protobuf.descriptor import MethodDescriptor
from h2.connection import H2Connection
from h2.events import ConnectionTerminated, ResponseReceived, StreamEnded, StreamReset, TrailersReceived
from http2_attacks import HEADERS, framed, request
from ways_out import OPEN_METRICS, WaysOut, talkative, until

METHODS = {path_of(method): method for method in methods()}
ECHOES = {"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"}
"""Answers its caller with the caller's own request, as its protocol wants."""
WATCH_S = 0.5
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def ways(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WaysOut]:
    """Tells everything, gRPC's core too; what it exports at its end is looked at behind the last test."""
    with talkative(tmp_path_factory.mktemp("cwd"), GRPC_VERBOSITY="DEBUG") as ways:
        yield ways
        ways.server.end()
        _assert_unmarked(ways.written())


@pytest.fixture(scope="module")
def channel(ways: WaysOut) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(ways.server.target) as channel:
        yield channel


def _assert_unmarked(*told: str) -> None:
    for place in told:
        at = place.lower().find(MARK)
        assert at < 0, place[max(0, at - 300) : at + 100]


def _assert_untold(ways: WaysOut, *told: str) -> None:
    _assert_unmarked(*told, ways.everything())


def _called(
    channel: grpc.Channel, method: MethodDescriptor, messages: Sequence[bytes], **terms: Any
) -> tuple[grpc.StatusCode, str]:
    """The code of a call, and all that is told beside its answers."""
    way = f"{'stream' if method.client_streaming else 'unary'}_{'stream' if method.server_streaming else 'unary'}"
    send: Any = getattr(channel, way)(path_of(method))
    given = iter(messages) if method.client_streaming else messages[0]
    timeout = WATCH_S if method.name == "Watch" else PATIENCE_S
    if method.server_streaming:
        call = send(given, timeout=timeout, **terms)
    else:
        call = send.future(given, timeout=timeout, **terms)
    errors = ""
    try:
        answers = list(call) if method.server_streaming else [call.result()]
        if method.name == "BatchScoreReplies":
            errors = "".join(str(each.error) for each in pb.BatchScoreRepliesResponse.FromString(answers[0]).results)
    except grpc.RpcError:
        pass
    return call.code(), f"{errors} {call.details()} {call.initial_metadata()} {call.trailing_metadata()}"


def _wire(messages: Sequence[Any]) -> list[bytes]:
    return [message.SerializeToString() for message in messages]


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_a_canary_stands_in_every_field_that_the_contract_declares(method: MethodDescriptor) -> None:
    filled = {path for message in requests_of(method, names=True) for path in text_paths(message)}
    assert filled == set(declared_paths(method.input_type))


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_no_field_of_a_good_call_leaves_a_trace(ways: WaysOut, channel: grpc.Channel, method: MethodDescriptor) -> None:
    for call in calls_of(method, names=False):
        code, told = _called(channel, method, _wire(call))
        if method.containing_service.full_name == "amends.v1.EmpathyService":
            assert code is grpc.StatusCode.OK, told
        _assert_untold(ways, told)


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_no_field_of_a_bad_call_leaves_a_trace(ways: WaysOut, channel: grpc.Channel, method: MethodDescriptor) -> None:
    gathered = []
    for call in calls_of(method, names=True):
        for _, messages in [("as it is", _wire(call)), *spoilt(call)]:
            gathered.append(_called(channel, method, messages)[1])
            if method.name == "Watch":
                break  # each waits for its deadline, and reads the one name alike
    _assert_untold(ways, *([] if path_of(method) in ECHOES else gathered))


@pytest.mark.parametrize(
    "header",
    [
        ("x-amends-priority", MARK),
        ("authorization", f"Bearer {MARK}"),
        ("user-agent", MARK),
        (f"x-{MARK}", MARK),
        (f"{MARK}-bin", MARK.encode()),
        ("grpc-status-details-bin", MARK.encode()),
        ("x-long", MARK * 4000),
        ("traceparent", f"00-{MARK}"),
        ("baggage", f"a={MARK}"),
    ],
    ids=lambda header: str(header[0]),
)
def test_no_metadata_leaves_a_trace(ways: WaysOut, channel: grpc.Channel, header: tuple[str, str | bytes]) -> None:
    method = METHODS["/amends.v1.EmpathyService/ScoreReply"]
    _, told = _called(channel, method, [request()], metadata=[header])
    _assert_untold(ways, told)


RAW = {
    "path": (":path", f"/amends.v1.EmpathyService/{MARK}"),
    "no path": (":path", MARK),
    "authority": (":authority", f"{MARK}:80"),
    "method": (":method", MARK.upper()),
    "scheme": (":scheme", MARK),
    "content type": ("content-type", f"application/{MARK}"),
    "timeout": ("grpc-timeout", f"{MARK}S"),
    "encoding": ("grpc-encoding", MARK),
    "accepted encoding": ("grpc-accept-encoding", MARK),
    "te": ("te", MARK),
    "control characters": ("x-note", f"{MARK}\x01{MARK}"),
    "upper case": (MARK.upper(), MARK),
    "broken base64": ("note-bin", f"{MARK}!!"),
    "two request ids": ("x-request-id", f"{MARK} {MARK}"),
}


def _raw_call(port: int, header: tuple[str, str]) -> str:
    """Calls with a header as no honest client sends it; gives all that comes back."""
    fields = dict(HEADERS) | dict([header])
    connection, told = H2Connection(), ""
    connection.config.validate_outbound_headers = connection.config.normalize_outbound_headers = False
    connection.initiate_connection()
    connection.send_headers(1, list(fields.items()))
    connection.send_data(1, framed(request()), end_stream=True)
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as peer:
        peer.sendall(connection.data_to_send())
        while data := peer.recv(65_536):
            for event in connection.receive_data(data):
                if isinstance(event, ResponseReceived | TrailersReceived):
                    told += str(event.headers)
                if isinstance(event, StreamEnded | StreamReset | ConnectionTerminated):
                    return told + str(event)
            peer.sendall(connection.data_to_send())
    return told


@pytest.mark.parametrize("name", RAW)
def test_no_raw_header_leaves_a_trace_in_logs_and_metrics(ways: WaysOut, name: str) -> None:
    _raw_call(ways.server.port, RAW[name])  # what gRPC's core tells the sender of their own header is the sender's own
    _assert_untold(ways)


def test_every_way_out_is_used_and_looked_at(ways: WaysOut, channel: grpc.Channel) -> None:
    method = METHODS["/amends.v1.EmpathyService/ScoreReply"]
    _called(channel, method, [request()], metadata=[("x-request-id", "seen-everywhere")])
    until(lambda: "seen-everywhere" in ways.audit_log.read_text())
    until(lambda: "seen-everywhere" in ways.server.told)
    until(lambda: "amends.v1.EmpathyService/ScoreReply" in ways.collector.told)
    until(lambda: "grpc.server.call.duration" in ways.collector.told)
    assert "trace_id=" in ways.scraped(OPEN_METRICS), "exemplars"
    _assert_untold(ways)


@pytest.fixture
def house(tmp_path: Path) -> tuple[str, list[str]]:
    """A caller's token, and the flags of a server that knows them, has their playbook and masks what they say."""
    token, entry = make_token("acme", "desk")
    (tmp_path / "tokens.yaml").write_bytes(with_entry(tmp_path / "tokens.yaml", b"", entry))
    playbooks = tmp_path / "tenants" / "acme" / "playbooks"
    playbooks.mkdir(parents=True)
    text = (DATA_DIR / "playbooks/connect_first.yaml").read_text()
    (playbooks / "own.yaml").write_text(text.replace("name: connect_first", "name: own"))
    files = ["--tokens", str(tmp_path / "tokens.yaml"), "--tenant-dir", str(tmp_path / "tenants")]
    return token, [*files, "--redact", "--redact-region", "GB"]


def test_tokens_tenants_and_redaction_leave_no_trace(house: tuple[str, list[str]], tmp_path: Path) -> None:
    token, flags = house
    identifiers = pb.ScoreReplyRequest.FromString(request(f"Mail {MARK}@{MARK}.example, ring 020 7946 0958!"))
    (tmp_path / "cwd").mkdir()
    told = []
    with (
        talkative(tmp_path / "cwd", *flags) as ways,
        grpc.insecure_channel(ways.server.target) as channel,
    ):

        def ask(method: MethodDescriptor, messages: Sequence[bytes], bearer: str = token) -> grpc.StatusCode:
            code, beside = _called(channel, method, messages, metadata=[("authorization", f"Bearer {bearer}")])
            told.append("" if path_of(method) in ECHOES else beside)
            return code

        for method in METHODS.values():
            for call in [*calls_of(method, names=False), *calls_of(method, names=True)]:
                ask(method, _wire(call))
        score = METHODS["/amends.v1.EmpathyService/ScoreReply"]
        assert ask(score, _wire([identifiers])) is grpc.StatusCode.OK
        assert ask(score, _wire([identifiers]), token[:-4] + MARK) is grpc.StatusCode.UNAUTHENTICATED
        _assert_untold(ways, *told)
        assert ways.server.end() == 0
        written = ways.written()
    _assert_unmarked(written)
    assert '"tenant": "acme"' in written
    assert token[-12:-4] not in written


@pytest.mark.parametrize("number", [signal.SIGABRT, signal.SIGSEGV], ids=["abort", "fault"])
def test_a_crash_in_the_middle_of_calls_leaves_no_trace_and_no_core(tmp_path: Path, number: signal.Signals) -> None:
    item = pb.ScoreReplyRequest.FromString(request(f"My {MARK} is late."))
    item.reply[0].text = f"Sorry about {MARK}. " * 100
    batch = pb.BatchScoreRepliesRequest(requests=[item] * 100).SerializeToString()
    method = METHODS["/amends.v1.EmpathyService/BatchScoreReplies"]
    environment = server_environment(PYTHONFAULTHANDLER="1")
    with (
        ServerProcess("--log-level", "DEBUG", cwd=tmp_path, environment=environment) as server,
        grpc.insecure_channel(server.target) as channel,
    ):
        caller = threading.Thread(target=_called, args=(channel, method, [batch]))
        caller.start()
        server.process.send_signal(number)
        assert server.wait() == -number
        caller.join()
    assert "Current thread" in server.told, "faulthandler tells where it was"
    assert MARK not in server.told
    assert not list(tmp_path.iterdir())
