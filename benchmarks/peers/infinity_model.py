"""Makes the files that infinity serves; run by the Python of its own environment: `infinity_model.py BASE FOLDER`.

Infinity pads and pools by itself, and so cannot take our file, which holds one sentence. It gets the same base model,
exported by its own library and quantised as ours is: dynamic int8, one scale a channel.
"""

import sys
from pathlib import Path

from onnxruntime.quantization import QuantType, quantize_dynamic
from optimum.onnxruntime import ORTModelForFeatureExtraction
from transformers import AutoTokenizer


def main(base: str, folder: Path) -> None:
    """Writes model and tokenizer into a folder."""
    ORTModelForFeatureExtraction.from_pretrained(base, export=True).save_pretrained(folder)
    AutoTokenizer.from_pretrained(base).save_pretrained(folder)
    quantize_dynamic(
        str(folder / "model.onnx"),
        str(folder / "model_quantized.onnx"),
        weight_type=QuantType.QInt8,
        per_channel=True,
        extra_options={"MatMulConstBOnly": True},
    )
    (folder / "model.onnx").unlink()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
