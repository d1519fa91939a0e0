"""LitServe, with its batching, around our ONNX file. `python -m benchmarks.peers.litserve_app PORT`."""

import sys
from typing import Any

import litserve

from benchmarks.peers.encoders import OnnxEncoder, threads

_BATCH = 8
_WAIT_S = 0.001


class Encode(litserve.LitAPI):
    """A worker with a session of one thread; there is one for each core."""

    def setup(self, device: str) -> None:
        """Loads the model."""
        self._encoder = OnnxEncoder(threads=1)

    def decode_request(self, request: dict[str, Any]) -> list[str]:
        """The texts of a request."""
        return list(request["input"])

    def predict(self, inputs: list[list[str]]) -> list[float]:
        """Scores the requests of a batch."""
        return [self._encoder.score(texts) for texts in inputs]

    def encode_response(self, output: float) -> dict[str, float]:
        """The answer."""
        return {"score": output}


if __name__ == "__main__":
    api = Encode(max_batch_size=_BATCH, batch_timeout=_WAIT_S)
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=threads())
    server.run(port=int(sys.argv[1]), host="127.0.0.1", generate_client_file=False, log_level="warning")
