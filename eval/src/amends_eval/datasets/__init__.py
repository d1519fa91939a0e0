"""What the answers are measured against: labelled rows with checksums, halves and authors."""

from amends_eval.datasets.catalogue import FOLDER, MODELS, Dataset, Half, load

__all__ = ["FOLDER", "MODELS", "Dataset", "Half", "load"]
