"""`python -m amends_train`: makes the model bundle from the labelled rows."""

import argparse
import json
from pathlib import Path

import torch
from amends_core.bundle import REFERENCE, load_bundle
from amends_core.local import LocalScorer

from amends_train import reference
from amends_train.bases import BASES
from amends_train.fit import FitOptions
from amends_train.recipe import Pupil, Recipe, Sources, read_inputs, run

DATASETS = Path("eval/datasets")
TEACHER_RATE = 5e-5
"""Peak learning rate of a teacher: a larger encoder wants a smaller one."""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="amends_train", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("training/data"), help="folder of training rows")
    parser.add_argument("--extra-labels", type=Path, help="labels of real training sentences, with --extra-texts")
    parser.add_argument("--extra-texts", type=Path, help="the real training sentences; they do not ship")
    parser.add_argument("--dev-agents", type=Path, default=DATASETS / "sentences-v1/dev.jsonl")
    parser.add_argument("--dev-customers", type=Path, default=DATASETS / "customer-v1/dev.jsonl")
    parser.add_argument("--real-labels", type=Path, default=DATASETS / "real-v1/dev.jsonl")
    parser.add_argument(
        "--real-texts", type=Path, help="the real sentences that the labels belong to; they do not ship"
    )
    parser.add_argument("--work", type=Path, default=Path("build/training"), help="folder for what can be resumed")
    parser.add_argument("--out", type=Path, required=True, help="folder of the bundle; what lies there is replaced")
    parser.add_argument("--name", default="amends-minilm-l6")
    parser.add_argument("--version", required=True, help="version of the bundle, such as 0.1.0")
    parser.add_argument("--base", choices=sorted(BASES), default="minilm-l6", help="what the bundle is made from")
    parser.add_argument("--epochs", type=int, default=FitOptions().epochs)
    parser.add_argument(
        "--teacher", choices=[*sorted(BASES), "none"], default="mpnet-l6", help="what the student learns from as well"
    )
    parser.add_argument("--teacher-epochs", type=int, default=4)
    parser.add_argument("--legs", type=int, default=0, help="further passes of the student, averaged with what was")
    parser.add_argument(
        "--shares", type=float, nargs="+", default=[], help="in that mean: of the start, then of each leg; else alike"
    )
    parser.add_argument("--start", type=Path, help="folder of a released bundle that the student goes on from")
    parser.add_argument("--seed", type=int, default=FitOptions().seed)
    parser.add_argument("--threads", type=int, default=0, help="threads of PyTorch; 0 takes its own choice")
    args = parser.parse_args()
    if args.shares and len(args.shares) != args.legs + 1:
        parser.error(f"--shares wants {args.legs + 1} numbers: one of the start and one of each leg of --legs")
    return args


def main() -> None:
    """Reads the arguments, runs the recipe and prints its figures."""
    args = _arguments()
    if args.threads:
        torch.set_num_threads(args.threads)
    start = args.start / "model.onnx" if args.start else None
    student = Pupil(args.base, FitOptions(epochs=args.epochs, seed=args.seed), args.legs, tuple(args.shares), start)
    teacher = None
    if args.teacher != "none":
        teacher = Pupil(args.teacher, FitOptions(args.teacher_epochs, encoder_rate=TEACHER_RATE, seed=args.seed))
    recipe = Recipe(args.name, args.version, args.work, args.out, student, teacher)
    sources = Sources(
        data=args.data,
        extra_labels=args.extra_labels,
        extra_texts=args.extra_texts,
        dev_agents=args.dev_agents,
        dev_customers=args.dev_customers,
        real_labels=args.real_labels,
        real_texts=args.real_texts,
    )
    figures = run(recipe, read_inputs(sources))
    local = LocalScorer(load_bundle(args.out))
    reference.write(args.out / REFERENCE, reference.counted(local, reference.CONVERSATIONS))
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
