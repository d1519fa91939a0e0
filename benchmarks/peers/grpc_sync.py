"""What most first versions are: a synchronous gRPC server around an encoder. `python -m benchmarks.peers.grpc_sync`.

It answers our own `ScoreReply`, with a score and nothing else; the sentences come split, one a turn of the reply.
"""

import argparse
from concurrent.futures import ThreadPoolExecutor

import grpc
from amends.v1 import empathy_service_pb2 as pb
from amends.v1 import judgement_pb2

from benchmarks.peers.encoders import OnnxEncoder, TorchEncoder, threads

_WORKERS = 10
"""As grpcio's examples have it."""


def _handler(encoder: OnnxEncoder | TorchEncoder) -> grpc.GenericRpcHandler:
    def score(request: pb.ScoreReplyRequest, _: grpc.ServicerContext) -> pb.ScoreReplyResponse:
        texts = [*(turn.text for turn in request.turns), *(turn.text for turn in request.reply)]
        return pb.ScoreReplyResponse(judgement=judgement_pb2.Judgement(score=100 * encoder.score(texts)))

    method = grpc.unary_unary_rpc_method_handler(
        score, pb.ScoreReplyRequest.FromString, pb.ScoreReplyResponse.SerializeToString
    )
    return grpc.method_handlers_generic_handler("amends.v1.EmpathyService", {"ScoreReply": method})


def main() -> None:
    """Serves until it is killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--encoder", choices=("torch", "onnx"), required=True)
    options = parser.parse_args()
    encoder = (TorchEncoder if options.encoder == "torch" else OnnxEncoder)(threads())
    server = grpc.server(ThreadPoolExecutor(_WORKERS))
    server.add_generic_rpc_handlers((_handler(encoder),))
    server.add_insecure_port(f"127.0.0.1:{options.port}")
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    main()
