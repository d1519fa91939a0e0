"""mosec, with dynamic batching, around our ONNX file. `python -m benchmarks.peers.mosec_app --port PORT`."""

from typing import Any

from mosec import Server, Worker

from benchmarks.peers.encoders import OnnxEncoder, threads

_BATCH = 8
_WAIT_MS = 1


class Encode(Worker):
    """A worker with a session of one thread; there is one for each core."""

    def __init__(self) -> None:
        self._encoder = OnnxEncoder(threads=1)

    def forward(self, data: list[dict[str, Any]]) -> list[dict[str, float]]:
        """Scores the requests of a batch."""
        return [{"score": self._encoder.score(each["input"])} for each in data]


if __name__ == "__main__":
    server = Server()
    server.append_worker(Encode, num=threads(), max_batch_size=_BATCH, max_wait_time=_WAIT_MS)
    server.run()
