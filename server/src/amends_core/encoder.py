"""Turns a sentence into an embedding and logits. One sentence a run.

With dynamic int8 the activation ranges are those of the tensor that is run, so a batch would let one
text change the numbers of another. Alone, the same sentence gives the same numbers on any thread.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from tokenizers import Tokenizer

from amends_core.bundle import OUTPUTS, REMEDY, Bundle
from amends_core.errors import BundleError
from amends_core.text import parts_of

Floats = NDArray[np.float32]

_SLOW_FUSIONS = ("SkipLayerNormFusion", "EmbedLayerNormFusion")
"""Of ONNX Runtime: the fused operators take six times as long as what they replace (docs/decisions/0016)."""


@dataclass(frozen=True, slots=True, eq=False)
class Encoding:
    """What the model says of one sentence."""

    embedding: Floats
    """Unit length, shape (dimension,), float32."""
    logits: Floats
    """Uncalibrated, shape (len(OUTPUTS),), float32."""
    tokens: int
    """How many were read, the two special ones included."""
    unknown_tokens: int
    truncated: bool

    @property
    def nbytes(self) -> int:
        """Memory of the arrays, in bytes."""
        return self.embedding.nbytes + self.logits.nbytes


class Encoder(Protocol):
    """Encodes one sentence; called from any thread."""

    def encode(self, text: str) -> Encoding:
        """Encodes one passage as `text.passage_of` gives it; normalising is the encoder's business."""
        ...


class OnnxEncoder:
    """The encoder of a bundle. Thread-safe: threads share one session, each runs its own sentence."""

    def __init__(self, bundle: Bundle) -> None:
        """Builds tokenizer and session.

        Raises:
            BundleError: the files are as the manifest says, but no model that can be run.
        """
        try:
            self._tokenizer = Tokenizer.from_str(bundle.tokenizer)
            self._tokenizer.no_padding()
            self._tokenizer.enable_truncation(max_length=bundle.manifest.max_tokens)
            self._unknown_id = self._tokenizer.token_to_id("[UNK]") or 0
            self._session = open_session(bundle.model)
        except Exception as error:  # both libraries raise kinds of their own, and plain Exception
            raise BundleError(
                f"model.onnx or tokenizer.json of bundle {bundle.path} cannot be run ({type(error).__name__}); {REMEDY}"
            ) from error
        _check_graph(self._session, bundle)

    def encode(self, text: str) -> Encoding:
        """See `Encoder.encode`."""
        sentence, context = parts_of(text)
        encoded = self._tokenizer.encode(sentence, context or None)
        ids = np.array([encoded.ids], dtype=np.int64)
        embedding, logits = self._session.run(["embedding", "logits"], {"input_ids": ids})
        return Encoding(
            embedding=embedding[0],
            logits=logits[0],
            tokens=len(encoded.ids),
            unknown_tokens=encoded.ids.count(self._unknown_id),
            truncated=bool(encoded.overflowing),
        )

    def close(self) -> None:
        """Lets go of session and tokenizer, and encodes nothing any more."""
        del self._session, self._tokenizer


def _check_graph(session: ort.InferenceSession, bundle: Bundle) -> None:
    """Holds a graph to what is run of it, before the first call finds out."""
    inputs = [each.name for each in session.get_inputs()]
    outputs = {each.name: each.shape[-1] if each.shape else None for each in session.get_outputs()}
    widths = {"embedding": bundle.manifest.dimension, "logits": len(OUTPUTS)}
    fits = all(isinstance(outputs.get(name, 0), str) or outputs.get(name) == width for name, width in widths.items())
    if inputs != ["input_ids"] or not fits:  # a width may be left open by a name
        raise BundleError(
            f"model.onnx of bundle {bundle.path} takes {inputs} and gives {outputs}, not input_ids and {widths}; "
            f"{REMEDY}"
        )


def open_session(model: bytes | str, threads: int = 1) -> ort.InferenceSession:
    """A session as it serves: of one thread, as each thread of the service runs a sentence of its own.

    Args:
        model: bytes or path of an ONNX file.
        threads: that one run may use.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Spinning burns a core between requests for no gain in latency.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("optimization.disable_specified_optimizers", ";".join(_SLOW_FUSIONS))
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
