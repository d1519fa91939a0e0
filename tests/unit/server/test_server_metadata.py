"""How often a call was tried before: what gRPC says, else what Envoy says, and nothing of what is no small number."""

import pytest
from amends_server.metadata import tries_before

CLIENT, PROXY = "grpc-previous-rpc-attempts", "x-envoy-attempt-count"


@pytest.mark.parametrize(
    ("metadata", "tries"),
    [
        ({}, 0),
        ({CLIENT: "1"}, 1),
        ({PROXY: "1"}, 0),
        ({PROXY: "2"}, 1),
        ({PROXY: "99"}, 98),
        ({CLIENT: "3", PROXY: "2"}, 3),
        ({CLIENT: "junk", PROXY: "2"}, 1),
    ],
)
def test_the_tries_of_the_client_go_before_those_of_a_proxy(metadata: dict[str, str | bytes], tries: int) -> None:
    assert tries_before(metadata) == tries


@pytest.mark.parametrize("junk", ["", "0", "-1", " 1", "1.5", "100", "9" * 5000, "٣", "two", b"2"])
def test_what_is_no_small_number_is_no_try(junk: str | bytes) -> None:
    assert tries_before({CLIENT: junk}) == 0
    assert tries_before({PROXY: junk}) == 0
