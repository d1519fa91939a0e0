"""The bundle: trusted only once every file has been checked; a message names the file and the remedy."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from amends_core.bundle import FORMAT, OUTPUTS, REMEDY, load_bundle, output_name
from amends_core.errors import BundleError
from amends_core.taxonomy import CUSTOMER_ACTS, SENTENCE_LABELS, SENTENCE_MISSTEPS, STEPS
from amends_core.text.normal import NORMALISATION

FILES = {
    "model.onnx": b"graph",
    "tokenizer.json": b'{"vocabulary": "\xc3\xa9"}',
    "README.md": b"card",
    "NOTICE": b"notice",
}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def manifest_data() -> dict[str, Any]:
    return {
        "format": FORMAT,
        "normalisation": NORMALISATION,
        "name": "tiny",
        "version": "1.2.3",
        "base_model": "base",
        "licence": "Apache-2.0",
        "training_data": "sha256:0",
        "max_tokens": 64,
        "dimension": 4,
        "outputs": list(OUTPUTS),
        "calibrated_at": "2026-01-02T03:04:05+00:00",
        "calibration": {name: [2.0, -1.0] for name in OUTPUTS if not name.startswith("act:")},
        "thresholds": {output_name(label): 0.5 for label in SENTENCE_LABELS},
        "act_temperature": 1.5,
        "metrics": {"micro_f1": 0.5},
        "files": {name: sha256(content) for name, content in FILES.items()},
    }


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "manifest.json").write_text(json.dumps(manifest_data()))
    return tmp_path


def rewrite(bundle: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Changes the manifest of a bundle in place."""
    data = manifest_data()
    change(data)
    (bundle / "manifest.json").write_text(json.dumps(data))


def test_whole_bundle_gives_its_files_and_facts(tiny: Path) -> None:
    bundle = load_bundle(tiny)
    assert (bundle.model, bundle.tokenizer) == (b"graph", '{"vocabulary": "é"}')
    assert bundle.sha256 == sha256((tiny / "manifest.json").read_bytes())
    facts = bundle.manifest
    assert (facts.name, facts.version, facts.max_tokens, facts.dimension) == ("tiny", "1.2.3", 64, 4)
    assert (facts.calibration["upset"].slope, facts.calibration["upset"].intercept) == (2.0, -1.0)
    assert facts.calibrated_at.year == 2026
    assert set(facts.thresholds) == {output_name(label) for label in SENTENCE_LABELS}


def test_another_manifest_is_another_model(tiny: Path) -> None:
    before = load_bundle(tiny).sha256
    rewrite(tiny, lambda data: data.update(version="1.2.4"))
    assert load_bundle(tiny).sha256 != before


@pytest.mark.parametrize("name", [*FILES, "manifest.json"])
def test_missing_file_is_named_with_the_remedy(tiny: Path, name: str) -> None:
    (tiny / name).unlink()
    with pytest.raises(BundleError, match=name) as caught:
        load_bundle(tiny)
    assert REMEDY in str(caught.value)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", [lambda raw: raw[:-1], lambda raw: raw + b"\0", lambda raw: b"\0" + raw[1:]])
def test_damaged_file_is_named_with_the_remedy(tiny: Path, name: str, damage: Callable[[bytes], bytes]) -> None:
    (tiny / name).write_bytes(damage(FILES[name]))
    with pytest.raises(BundleError, match=rf"{name} .* damaged") as caught:
        load_bundle(tiny)
    assert REMEDY in str(caught.value)


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="nowhere"):
        load_bundle(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["../model.onnx", "/etc/hostname", "sub/model.onnx", ".."])
def test_file_outside_the_bundle_is_refused(tiny: Path, name: str) -> None:
    rewrite(tiny, lambda data: data["files"].update({name: sha256(b"")}))
    with pytest.raises(BundleError, match=r"outside itself|cannot read"):
        load_bundle(tiny)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_manifest_must_list_what_is_run(tiny: Path, name: str) -> None:
    rewrite(tiny, lambda data: data["files"].pop(name))
    with pytest.raises(BundleError, match=f"lists no {name}"):
        load_bundle(tiny)


def test_graph_with_external_data_is_refused(tiny: Path) -> None:
    # An external_data entry of a TensorProto, as protobuf writes it: key "location", value "weights.bin".
    graph = b"weights\x6a\x17\x0a\x08location\x12\x0bweights.bin"
    (tiny / "model.onnx").write_bytes(graph)
    rewrite(tiny, lambda data: data["files"].update({"model.onnx": sha256(graph)}))
    with pytest.raises(BundleError, match=r"model\.onnx .* external data"):
        load_bundle(tiny)


@pytest.mark.parametrize("field", ["format", "normalisation"])
def test_other_format_names_both_and_the_remedy(tiny: Path, field: str) -> None:
    rewrite(tiny, lambda data: data.update({field: 99}))
    with pytest.raises(BundleError, match=rf"{field} 99.*reads {FORMAT} and {NORMALISATION}; export it"):
        load_bundle(tiny)


@pytest.mark.parametrize(
    "outputs",
    [list(OUTPUTS[:-1]), [*OUTPUTS, "step:DANCE"], list(reversed(OUTPUTS))],
    ids=["fewer", "more", "reordered"],
)
def test_other_taxonomy_is_refused(tiny: Path, outputs: list[str]) -> None:
    rewrite(tiny, lambda data: data.update(outputs=outputs))
    with pytest.raises(BundleError, match="another taxonomy; train it"):
        load_bundle(tiny)


@pytest.mark.parametrize("field", sorted(manifest_data()))
def test_manifest_without_a_field_is_refused_by_name(tiny: Path, field: str) -> None:
    rewrite(tiny, lambda data: data.pop(field))
    with pytest.raises(BundleError, match=rf"manifest\.json .*{field}"):
        load_bundle(tiny)


@pytest.mark.parametrize(("field", "name"), [("calibration", "upset"), ("thresholds", "misstep:DEFEND")])
def test_manifest_that_leaves_an_output_uncalibrated_is_refused_by_its_name(tiny: Path, field: str, name: str) -> None:
    rewrite(tiny, lambda data: data[field].pop(name))
    with pytest.raises(BundleError, match=rf"manifest\.json .* lacks the calibration of {name}; ") as caught:
        load_bundle(tiny)
    assert REMEDY in str(caught.value)


@pytest.mark.parametrize("raw", [b"", b"not json", b"\xff\xfe", b"[]", b"5", b'"text"', b"null"])
def test_manifest_that_is_no_manifest_is_refused(tiny: Path, raw: bytes) -> None:
    (tiny / "manifest.json").write_bytes(raw)
    with pytest.raises(BundleError, match=r"manifest\.json .* not valid"):
        load_bundle(tiny)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("max_tokens", "many"),
        ("act_temperature", None),
        ("calibrated_at", "yesterday"),
        ("calibration", {"upset": [1]}),
    ],
)
def test_manifest_field_of_another_kind_is_refused(tiny: Path, field: str, value: object) -> None:
    rewrite(tiny, lambda data: data.update({field: value}))
    with pytest.raises(BundleError, match=r"manifest\.json .* not valid"):
        load_bundle(tiny)


def test_outputs_name_every_head_once() -> None:
    assert len(OUTPUTS) == len(set(OUTPUTS)) == 3 * len(STEPS) + len(SENTENCE_MISSTEPS) + len(CUSTOMER_ACTS) + 2


def test_embedded_bundle_is_whole() -> None:
    bundle = load_bundle()
    assert set(bundle.manifest.calibration) == {name for name in OUTPUTS if not name.startswith("act:")}
    assert {"model.onnx", "tokenizer.json", "README.md", "NOTICE"} <= set(bundle.manifest.files)
    assert all(0 < threshold < 1 for threshold in bundle.manifest.thresholds.values())
