"""Makes the files that infinity serves; run by the Python of its own environment: `infinity_model.py BASE FOLDER`.

Infinity pads and pools by itself, and so cannot take our file, which holds one sentence. It gets the same base model,
exported by its own library, fused and quantised as ours is: dynamic int8, one scale a channel.
"""

import sys
from pathlib import Path

from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers import optimizer
from optimum.onnxruntime import ORTModelForFeatureExtraction
from transformers import AutoTokenizer


def main(base: str, folder: Path) -> None:
    """Writes model and tokenizer into a folder."""
    ORTModelForFeatureExtraction.from_pretrained(base, export=True).save_pretrained(folder)
    AutoTokenizer.from_pretrained(base).save_pretrained(folder)
    plain, fused = folder / "model.onnx", folder / "fused.onnx"
    optimizer.optimize_model(str(plain), model_type="bert", opt_level=0).save_model_to_file(str(fused))
    quantize_dynamic(
        str(fused),
        str(folder / "model_quantized.onnx"),
        weight_type=QuantType.QInt8,
        per_channel=True,
        extra_options={"MatMulConstBOnly": True, "DefaultTensorType": 1},  # float
    )
    for path in (plain, fused):
        path.unlink()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
