"""Files that were tampered with are refused with a reason, and names never lead outside."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from amends_core.bundle import DEFAULT_BUNDLE, load_bundle
from amends_core.encoder import OnnxEncoder
from amends_core.errors import AmendsError, BundleError, PlaybookError, TeachingError
from amends_core.playbooks import load_library, parse_playbook
from amends_core.playbooks.library import DATA_DIR
from amends_core.teaching import parse_exemplars, read_text
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

_RUN = """
import sys
from pathlib import Path
from amends_core.bundle import load_bundle
from amends_core.encoder import OnnxEncoder
from amends_core.errors import BundleError
ends = {"refused": 0, "run": 0}
for bundle in sys.argv[1:]:
    try:
        OnnxEncoder(load_bundle(Path(bundle))).encode("I am sorry.")
    except BundleError:
        ends["refused"] += 1
    else:
        ends["run"] += 1
print(ends)
"""


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A copy of the shipped bundle, to be tampered with."""
    return Path(shutil.copytree(DEFAULT_BUNDLE, tmp_path / "bundle"))


def _sign(bundle: Path, name: str) -> None:
    """Has the manifest say what the file now holds, as one who tampers would."""
    manifest = json.loads((bundle / "manifest.json").read_bytes())
    manifest["files"][name] = hashlib.sha256((bundle / name).read_bytes()).hexdigest()
    (bundle / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
@pytest.mark.parametrize(
    "content", [b"", b"\x08\x07", b"{}", b"\xff" * 1000], ids=["empty", "a field", "braces", "ones"]
)
def test_file_that_is_no_model_is_refused_though_its_checksum_is_right(bundle: Path, name: str, content: bytes) -> None:
    (bundle / name).write_bytes(content)
    _sign(bundle, name)
    with pytest.raises(BundleError):
        OnnxEncoder(load_bundle(bundle))


def test_graph_that_is_cut_or_turned_about_never_ends_the_process(bundle: Path, tmp_path: Path) -> None:
    whole = (bundle / "model.onnx").read_bytes()
    folders = []
    for number, at in enumerate([100, 1000, 5000, 20_000, len(whole) // 2, len(whole) - 2000]):
        for kind, content in (
            ("cut", whole[:at]),
            ("turned", whole[:at] + bytes(reversed(whole[at : at + 40])) + whole[at + 40 :]),
        ):
            (bundle / "model.onnx").write_bytes(content)
            _sign(bundle, "model.onnx")
            folders.append(shutil.copytree(bundle, tmp_path / f"{kind}{number}"))
    done = subprocess.run([sys.executable, "-c", _RUN, *folders], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "'refused': 0" not in done.stdout


def test_external_data_is_refused_however_its_key_is_written(bundle: Path) -> None:
    whole = (bundle / "model.onnx").read_bytes()
    for entry in (
        b"\x0a\x08location\x12\x0b../../secret",
        b"\x0a\x88\x00location\x12\x01x",
        b"\x12\x01x\x0a\x08location",
    ):
        (bundle / "model.onnx").write_bytes(whole + entry)
        _sign(bundle, "model.onnx")
        with pytest.raises(BundleError, match="external data"):
            load_bundle(bundle)


@pytest.mark.parametrize("name", ["model.onnx", "manifest.json", "reference.json"])
def test_pipe_in_a_bundle_is_refused_at_once(bundle: Path, name: str) -> None:
    (bundle / name).unlink()
    os.mkfifo(bundle / name)
    with pytest.raises(BundleError, match="no regular file"):
        load_bundle(bundle)


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
_FIELDS = sorted(json.loads((DEFAULT_BUNDLE / "manifest.json").read_bytes()))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.dictionaries(st.sampled_from(_FIELDS), _JSON, min_size=1, max_size=3))
def test_manifest_of_any_values_is_read_or_refused(tmp_path: Path, changes: dict[str, object]) -> None:
    data = json.loads((DEFAULT_BUNDLE / "manifest.json").read_bytes())
    (tmp_path / "manifest.json").write_text(json.dumps(data | changes))
    with pytest.raises(BundleError):  # its files are not there
        load_bundle(tmp_path)


BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))


def test_bomb_of_aliases_is_refused_by_every_reader(tmp_path: Path) -> None:
    with pytest.raises(PlaybookError, match="aliases"):
        parse_playbook("bomb.yaml", BOMB)
    with pytest.raises(TeachingError):
        parse_exemplars("bomb.yaml", BOMB)
    (tmp_path / "bomb.yaml").write_text(BOMB)
    with pytest.raises(PlaybookError):
        load_library(tmp_path)


@pytest.mark.parametrize("name", ["../unified", "/etc/passwd", "..", "a/b", "a\\b", "a\x00b", "C:x", "unified\n"])
def test_playbook_whose_name_leads_elsewhere_is_refused(name: str) -> None:
    text = (DATA_DIR / "playbooks" / "unified.yaml").read_text()
    assert "name: unified\n" in text
    with pytest.raises(PlaybookError, match="name"):
        parse_playbook("own.yaml", text.replace("name: unified\n", f"name: {json.dumps(name)}\n"))


@pytest.mark.parametrize("kind", ["pipe", "device", "directory", "loop", "dangling"])
def test_what_is_no_file_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "own.yaml"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    else:
        path.symlink_to({"device": "/dev/zero", "loop": path.name, "dangling": "nowhere.yaml"}[kind])
    for read in (lambda: load_library(tmp_path), lambda: read_text(path)):
        with pytest.raises(AmendsError):
            read()
