#!/usr/bin/env bash
# Writes the lock files anew: hashes, no index addresses. Run by `make lock`.
set -euo pipefail
cd "$(dirname "$0")/.."
lock() { uv pip compile --quiet --upgrade --generate-hashes --no-emit-index-url --no-header --no-annotate --python-version 3.11 "$@"; }
lock pyproject.toml --extra server --extra otel --extra redaction -o requirements/runtime.txt
lock requirements/build.in -o requirements/build.txt
lock pyproject.toml --extra mlflow -c requirements/runtime.txt -o build/eval.txt
lock requirements/test.in build/eval.txt -c requirements/runtime.txt -c requirements/build.txt -o requirements/test.txt
lock requirements/lint.in -c requirements/runtime.txt -c requirements/test.txt -o requirements/lint.txt
lock requirements/supply.in -c requirements/runtime.txt -o requirements/supply.txt
# PyTorch is installed by itself, before the rest: its plain wheel would bring several GB of CUDA packages.
lock pyproject.toml --extra train -c requirements/runtime.txt -o build/train.txt
lock requirements/bench.in -c requirements/runtime.txt -c requirements/build.txt -c requirements/test.txt -o build/bench.txt
lock requirements/bench-infinity.in -o build/bench-infinity.txt
python - <<'PY'
import re
from pathlib import Path
for name in ("train", "bench", "bench-infinity"):
    blocks = re.split(r"\n(?=\S)", Path(f"build/{name}.txt").read_text().strip())
    kept = [b for b in blocks if not re.match(r"(torch|triton|nvidia-|cuda-)", b)]
    Path(f"requirements/{name}.txt").write_text("\n".join(kept) + "\n")
PY
