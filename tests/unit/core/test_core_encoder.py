"""The encoder of the embedded bundle: unit vectors, the same numbers whatever was run before or beside."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from amends_core.bundle import OUTPUTS, load_bundle
from amends_core.encoder import OnnxEncoder
from amends_core.text import normalise

TEXTS = ["I am truly sorry.", "ok", "We will send a new one today, by noon at the latest.", "", "word " * 60]


@pytest.fixture(scope="module")
def encoder() -> OnnxEncoder:
    return OnnxEncoder(load_bundle())


@pytest.mark.parametrize("text", TEXTS)
def test_encoding_is_a_unit_vector_and_a_logit_for_each_output(encoder: OnnxEncoder, text: str) -> None:
    encoding = encoder.encode(text)
    assert encoding.logits.shape == (len(OUTPUTS),)
    assert encoding.logits.dtype == encoding.embedding.dtype == np.float32
    assert float(np.linalg.norm(encoding.embedding)) == pytest.approx(1, abs=1e-5)
    assert encoding.nbytes == encoding.embedding.nbytes + encoding.logits.nbytes


def test_neighbours_and_threads_change_no_bit(encoder: OnnxEncoder) -> None:
    alone = {text: encoder.encode(text) for text in TEXTS}
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(encoder.encode, [*TEXTS, *reversed(TEXTS)]))
    for text, encoding in zip([*TEXTS, *reversed(TEXTS)], together, strict=True):
        np.testing.assert_array_equal(encoding.logits, alone[text].logits)
        np.testing.assert_array_equal(encoding.embedding, alone[text].embedding)


def test_text_is_normalised_before_it_is_read(encoder: OnnxEncoder) -> None:
    raw = "Sorry about order #AB-12345 😊, see https://shop.example/x"
    np.testing.assert_array_equal(encoder.encode(raw).logits, encoder.encode(normalise(raw)).logits)


def test_long_text_is_cut_and_says_so(encoder: OnnxEncoder) -> None:
    most = load_bundle().manifest.max_tokens
    assert (encoder.encode("word " * 500).tokens, encoder.encode("word " * 500).truncated) == (most, True)
    assert encoder.encode("word").truncated is False


def test_script_the_model_cannot_read_is_counted(encoder: OnnxEncoder) -> None:
    assert encoder.encode("I am sorry").unknown_tokens == 0
    assert encoder.encode("ꦲꦏ꧀ꦱꦫ").unknown_tokens > 0
