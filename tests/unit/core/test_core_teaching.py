"""What a company teaches: read with every problem told, and bounded in what it changes."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from amends_core.bundle import DEFAULT_BUNDLE, OUTPUTS, load_bundle, output_name
from amends_core.detection import Detector
from amends_core.encoder import Encoding, Floats
from amends_core.errors import TeachingError
from amends_core.playbooks import PlaybookLibrary
from amends_core.scorer import Scorer, phrases_of
from amends_core.taxonomy import SENTENCE_LABELS, Label, Misstep, Step, Strength
from amends_core.teaching import (
    Correction,
    CustomStep,
    Features,
    OwnExemplars,
    StepReader,
    Teaching,
    features_of,
    load_teaching,
    parse_examples,
    parse_exemplars,
    reach_of,
)
from amends_core.teaching.correction import MAX_SHIFT
from amends_core.teaching.custom_step import parse_step
from amends_core.teaching.own_exemplars import LabelExemplars
from amends_core.teaching.phrases import Phrase
from core_builders import (
    ACT,
    DIMENSION,
    SAID,
    VENTS,
    FakeEncoder,
    World,
    agent,
    manifest,
    said,
    unit_vector,
)
from hypothesis import given
from hypothesis import strategies as st

REACH = 0.8
HEAD = "schema: 1\nname: acme\nversion: 1.0.0\n"
GOOD = f"{HEAD}labels:\n  GO_FURTHER:\n    positive:\n      - It's on the house.\n"


def problems(parse: Callable[[str, str], object], text: str) -> list[str]:
    with pytest.raises(TeachingError) as caught:
        parse("own.yaml", text)
    return str(caught.value).split("\n")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("labels: [", "own.yaml:2: not valid YAML"),
        ("labels:\n  - " + "[" * 900_000, "own.yaml:2: not valid YAML for own phrases: nested deeper than 8"),
        ("labels: &a [*a]", "own.yaml:1: not valid YAML for own phrases: anchors"),
        ("- a\n- b", r"own.yaml:1: the file must be a mapping with the keys schema, name, version, labels"),
        (GOOD.replace("schema: 1", "schema: 2"), "own.yaml:1: schema must be 1"),
        (GOOD.replace("acme", "Acme Ltd"), "own.yaml:2: name must be a lower-case word"),
        (GOOD.replace("1.0.0", "1.0"), "own.yaml:3: version must be three numbers"),
        (GOOD.replace("GO_FURTHER", "GO_AWAY"), "own.yaml:5: labels has an unknown key; known are LISTEN"),
        (GOOD.replace("positive", "good"), "own.yaml:6: GO_FURTHER has an unknown key; known are positive, negative"),
        (f"{GOOD}      - 🎁\n", "own.yaml:8: GO_FURTHER.positive must be text with letters"),
        (f"{GOOD}      - [a]\n", "own.yaml:8: GO_FURTHER.positive must be text with letters"),
        (
            f"{GOOD}      - {'long ' * 90}\n",
            "own.yaml:8: a phrase of GO_FURTHER.positive has 449 characters, at most 400",
        ),
        (f'{GOOD}      - "two\\nlines"\n', "own.yaml:8: a phrase of GO_FURTHER.positive holds a control character"),
        (f"{GOOD}      - IT'S on the house\n", "own.yaml:8: says nearly the same as line 7 of GO_FURTHER.positive"),
        (
            f"{GOOD}    negative:\n      - its' on the house\n      - It's on the house!\n",
            "own.yaml:10: negative phrase of GO_FURTHER is also positive, at line 7; take one of them out",
        ),
        (f"{GOOD}  THANK: {{}}\n", "own.yaml:8: THANK holds no phrase"),
        (f"{GOOD}  GO_FURTHER: {{positive: [Another one.]}}\n", "own.yaml:8: GO_FURTHER stands twice in labels"),
        (f"{HEAD}labels: {{}}\n", "own.yaml:4: labels must hold at least one label"),
        (f"{GOOD}    negative: {[f'{n} x{n * 7919}' for n in range(201)]}\n", "holds 201 phrases, at most 200"),
    ],
)
def test_what_is_wrong_with_exemplars_is_told_by_file_and_line(text: str, told: str) -> None:
    assert any(told in problem for problem in problems(parse_exemplars, text)), problems(parse_exemplars, text)


def test_every_problem_is_told_at_once_and_no_phrase_is() -> None:
    text = GOOD.replace("1.0.0", "x").replace("acme", "X") + "      - it's on the house\n"
    assert len(problems(parse_exemplars, text)) == 3
    assert "house" not in "".join(problems(parse_exemplars, text))


@pytest.mark.parametrize(
    "text", ["!!python/object/apply:os.system [echo]", "&a [*a]", "a: &x [*x, *x]", "x" * 1_000_001]
)
def test_what_is_no_plain_list_makes_no_object(text: str) -> None:
    assert problems(parse_exemplars, text)


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    for parse in (parse_exemplars, parse_examples):
        with pytest.raises(TeachingError):
            parse("own.yaml", text)


def test_examples_of_a_step_need_ten_phrases_and_a_name_of_their_own() -> None:
    text = f"{HEAD.replace('acme', 'thank')}about: Thanks.\npositive: [one way, another path, third road]\n"
    assert problems(parse_examples, text) == [
        "own.yaml:2: name is that of a shipped label; give own exemplars for it instead",
        "own.yaml:5: positive holds 3 phrases that can be used, at least 10; 20 to 50 make a step",
    ]


def own(label: Label, positive: Sequence[str] = (), negative: Sequence[str] = ()) -> OwnExemplars:
    sides = LabelExemplars(tuple(Phrase(t, 1) for t in positive), tuple(Phrase(t, 1) for t in negative))
    return OwnExemplars("acme", "1.0.0", {label: sides})


def near(text: str, cosine: float, aside: str = "aside") -> Floats:
    """A unit vector at a cosine to that of `text`."""
    along, other = unit_vector(text).astype(np.float64), unit_vector(aside).astype(np.float64)
    across = other - (other @ along) * along
    vector = cosine * along + np.sqrt(1 - cosine**2) * across / np.linalg.norm(across)
    return vector.astype(np.float32)


POOL = [f"phrase {number}" for number in range(6)]
VECTORS = {text: near("centre", 0.7 + 0.05 * number, text) for number, text in enumerate(POOL)}
sides = st.lists(st.sampled_from(POOL), max_size=6, unique=True)
places = st.builds(near, st.just("centre"), st.floats(-1, 1), st.sampled_from([*POOL, "elsewhere"]))


def shift(label: Label, positive: Sequence[str], negative: Sequence[str], embedding: Floats) -> float:
    correction = Correction(own(label, positive, negative), VECTORS, REACH)
    return float(correction.shift(embedding)[OUTPUTS.index(output_name(label))])


@given(sides, sides, st.sampled_from(POOL), places)
def test_another_positive_never_lowers_and_another_negative_never_raises(
    positive: list[str], negative: list[str], more: str, embedding: Floats
) -> None:
    before = shift(Step.THANK, positive, negative, embedding)
    assert shift(Step.THANK, [*positive, more], negative, embedding) >= before
    assert shift(Step.THANK, positive, [*negative, more], embedding) <= before
    assert abs(before) <= MAX_SHIFT


@given(sides, places, st.sampled_from(SENTENCE_LABELS))
def test_swapping_the_sides_turns_the_shift_round_and_other_labels_stay(
    phrases: list[str], embedding: Floats, label: Label
) -> None:
    assert shift(label, phrases, [], embedding) == -shift(label, [], phrases, embedding)
    others = np.delete(
        Correction(own(label, phrases), VECTORS, REACH).shift(embedding), OUTPUTS.index(output_name(label))
    )
    assert not others.any()


@given(st.floats(-1, 0.95), st.floats(0, 0.05))
def test_the_nearer_the_exemplar_the_greater_the_shift(cosine: float, nearer: float) -> None:
    vectors = {"x": near("centre", 1.0)}
    correction = Correction(own(Step.THANK, ["x"]), vectors, REACH)
    first, second = (correction.shift(near("centre", c)).sum() for c in (cosine, cosine + nearer))
    assert second >= first - 1e-6


@given(sides, sides, st.lists(st.floats(-8, 8), min_size=len(OUTPUTS), max_size=len(OUTPUTS)), st.floats(-1, 1))
def test_a_sentence_out_of_reach_is_read_the_same_to_the_last_bit(
    positive: list[str], negative: list[str], logits: list[float], cosine: float
) -> None:
    embedding = near("far away", cosine)
    encoding = Encoding(embedding, np.array(logits, dtype=np.float32), 5, 0, False)
    correction = Correction(own(Step.THANK, positive, negative), VECTORS, REACH)
    if all(float(VECTORS[text] @ embedding) < REACH - 1e-6 for text in (*positive, *negative)):
        assert Detector(manifest(), correction).read_sentence(encoding) == Detector(manifest()).read_sentence(encoding)


def test_an_exemplar_itself_gets_the_whole_shift() -> None:
    assert shift(Misstep.DEFEND, [POOL[0]], [], VECTORS[POOL[0]]) == pytest.approx(MAX_SHIFT, abs=1e-3)


def test_exemplars_reach_as_far_as_strangers_seldom_come() -> None:
    phrases: dict[Label, tuple[str, ...]] = {Step.THANK: ("a", "b"), Step.LISTEN: ("c",)}
    far = {text: unit_vector(text) for text in "abc"}
    assert reach_of(phrases, far) == 0.7
    assert reach_of(phrases, {**far, "c": near("a", 0.9)}) == pytest.approx(0.9, abs=0.01)
    assert reach_of(phrases, {**far, "c": far["a"]}) == 0.95


def taught(library: PlaybookLibrary, teaching: Teaching) -> World:
    world = World(library)
    encodings = {text: world.encoder.encode(text) for text in phrases_of(library, teaching)}
    world.scorer = Scorer(manifest(), library, encodings, teaching)
    return world


def test_an_own_exemplar_makes_a_step_count_in_full_and_explains(library: PlaybookLibrary) -> None:
    unread = {"That blew all our fuses.": agent(Step.EMPATHIZE, p=0.2)}
    plain = taught(library, Teaching()).judge(said(VENTS), "That blew all our fuses.", says=unread)
    world = taught(library, Teaching(own(Step.EMPATHIZE, ["That blew all our fuses."])))
    found = world.judge(said(VENTS), "That blew all our fuses.", says=unread)
    assert plain.steps[Step.EMPATHIZE].strength is Strength.ABSENT
    step = found.steps[Step.EMPATHIZE]
    assert step.strength is Strength.STRONG
    assert step.nearest is not None
    assert (step.nearest.text, step.nearest.own) == ("That blew all our fuses.", True)
    assert found.score > plain.score


def test_a_negative_exemplar_takes_a_label_away(library: PlaybookLibrary) -> None:
    world = taught(library, Teaching(own(Step.TAKE_ACTION, negative=[ACT])))
    assert (
        world.judge(said(VENTS), ACT, says={ACT: agent(Step.TAKE_ACTION, p=0.9)}).steps[Step.TAKE_ACTION].places == ()
    )


STEP = CustomStep(
    name="recap",
    version="1.0.0",
    about="Sends a recap.",
    model_sha256="a" * 64,
    features=Features.EMBEDDING,
    weights=tuple(20 * float(x) for x in unit_vector("I will mail you a recap.")),
    bias=-10.0,
    threshold=0.5,
    exemplars=("I will mail you a recap.",),
    report={},
)


def test_a_custom_step_stands_beside_the_score(library: PlaybookLibrary) -> None:
    reply = f"{ACT} I will mail you a recap."
    plain, found = (
        taught(library, teaching).judge(said(VENTS), reply) for teaching in (Teaching(), Teaching(steps=(STEP,)))
    )
    assert (found.score, found.contributions, found.steps) == (plain.score, plain.contributions, plain.steps)
    assert plain.custom_steps == ()
    (recap,) = found.custom_steps
    assert recap.reading.claimed
    assert recap.reading.probability == pytest.approx(1 / (1 + np.exp(-10)), abs=1e-6)
    assert recap.reading.nearest.text == "I will mail you a recap."
    assert [place.span.of(reply) for place in recap.places] == ["I will mail you a recap."]


def test_a_step_comes_back_from_its_file() -> None:
    assert parse_step("recap.json", STEP.to_json(), "a" * 64, DIMENSION) == STEP


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"model_sha256": "b" * 64}, "fitted on model bbbbbbbbbbbb, and aaaaaaaaaaaa serves; fit it again with"),
        ({"weights": [1.0]}, f"holds 1 weights, not {DIMENSION}"),
        ({"weights": [float("nan")] * DIMENSION}, "not a custom step of this release"),
        ({"threshold": 0.0}, "not a custom step of this release"),
        ({"features": "pixels"}, "not a custom step of this release"),
        ({"exemplars": []}, "not a custom step of this release"),
        ({"exemplars": ["x"] * 201}, "not a custom step of this release"),
        ({"format": 2}, "not a custom step of this release"),
        ({"name": "../up"}, "not a custom step of this release"),
    ],
)
def test_a_file_that_is_no_step_of_this_model_is_refused(change: dict[str, object], told: str) -> None:
    text = json.dumps(json.loads(STEP.to_json()) | change)
    with pytest.raises(TeachingError, match=told):
        parse_step("recap.json", text, "a" * 64, DIMENSION)


@given(st.one_of(st.text(max_size=50), st.recursive(st.integers(), st.lists).map(json.dumps)))
def test_any_file_is_refused_where_it_is_no_step(text: str) -> None:
    with pytest.raises(TeachingError):
        parse_step("x.json", text, "a" * 64, DIMENSION)


def test_features_are_bounded_whatever_the_logits() -> None:
    logits = np.full(len(OUTPUTS), 1e6, dtype=np.float32)
    encoding = Encoding(unit_vector("x"), logits, 5, 0, False)
    both = features_of(encoding, Features.BOTH)
    assert both.shape == (DIMENSION + len(OUTPUTS),)
    assert np.abs(both).max() < 1
    assert features_of(encoding, Features.LOGITS).shape == (len(OUTPUTS),)


def test_readings_do_not_depend_on_other_steps() -> None:
    other = replace(STEP, name="other", exemplars=(ACT,))
    encodings = FakeEncoder(SAID)
    embeddings = {text: encodings.encode(text).embedding for text in (*STEP.exemplars, ACT)}
    encoding = encodings.encode(ACT)
    alone = Detector(manifest(), steps=[StepReader(STEP, embeddings)]).read_sentence(encoding)
    both = Detector(manifest(), steps=[StepReader(s, embeddings) for s in (other, STEP)]).read_sentence(encoding)
    assert both.custom_steps[1] == alone.custom_steps[0]


def test_a_folder_of_steps_is_whole_or_refused(tmp_path: Path) -> None:
    bundle = load_bundle(DEFAULT_BUNDLE)
    with pytest.raises(TeachingError, match=r"holds no \*\.json"):
        load_teaching(None, tmp_path, bundle)
    fitting = replace(STEP, model_sha256=bundle.sha256, weights=(0.0,) * bundle.manifest.dimension)
    for name in ("one.json", "two.json"):
        (tmp_path / name).write_text(fitting.to_json(), encoding="utf-8")
    with pytest.raises(TeachingError, match="two steps named recap"):
        load_teaching(None, tmp_path, bundle)
    (tmp_path / "two.json").unlink()
    assert load_teaching(None, tmp_path, bundle).steps == (fitting,)
    with pytest.raises(TeachingError, match="cannot read"):
        load_teaching(tmp_path / "none.yaml", None, bundle)
