"""Compressed requests are refused before they are unpacked, unless the service is told to read them."""

import grpc
import pytest
from amends.v1 import empathy_service_pb2_grpc
from amends_client import customer, reply_request
from running_service import PATIENCE_S, Running, Serve

REQUEST = reply_request([customer("Where is my parcel? " * 20)], "I am sorry, I will look for it today.")


def _compressed_call(running: Running) -> float:
    with grpc.insecure_channel(running.target, compression=grpc.Compression.Gzip) as channel:
        stub = empathy_service_pb2_grpc.EmpathyServiceStub(channel)
        return stub.ScoreReply(REQUEST, timeout=PATIENCE_S).judgement.score


def test_a_compressed_request_is_refused(serve: Serve) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        _compressed_call(serve())
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED  # type: ignore[attr-defined]


def test_a_compressed_request_is_read_where_that_is_asked_for(serve: Serve) -> None:
    assert _compressed_call(serve(compression=True)) > 0
