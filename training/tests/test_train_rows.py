"""Rows and sheets: what is well formed is read whole, what is not is named by file and line."""

import json
from pathlib import Path
from typing import Any

import pytest
from amends_core.taxonomy import Misstep, Step
from amends_train.rows import (
    REAL,
    RowError,
    join_real,
    read_agents,
    read_customers,
    read_extra,
    text_sha256,
    write_rows,
)
from amends_train.sheets import read_agent_sheet, read_customer_sheet
from train_builders import agent_row, customer_row, write_lines

AGENT: dict[str, Any] = {"id": "a-1", "author": "ann", "text": "I am so sorry.", "labels": ["APOLOGIZE:2"]}
CUSTOMER: dict[str, Any] = {"id": "c-1", "author": "ann", "text": "Where is it?", "act": "ASK", "upset": 0.4}


def test_agent_row_tells_firm_labels_with_strength_from_arguable_ones(tmp_path: Path) -> None:
    data = {**AGENT, "labels": ["APOLOGIZE:2", "EMPATHIZE:1", "SCRIPTED"], "optional": ["THANK", "DEFEND"]}
    row = read_agents(write_lines(tmp_path / "a.jsonl", data))[0]
    assert row.firm == {Step.APOLOGIZE: 2, Step.EMPATHIZE: 1, Misstep.SCRIPTED: 1}
    assert row.arguable == {Step.THANK, Misstep.DEFEND}


def test_folder_is_read_in_order_of_name(tmp_path: Path) -> None:
    write_lines(tmp_path / "b.jsonl", {**AGENT, "id": "b-1"})
    write_lines(tmp_path / "a.jsonl", AGENT, {**AGENT, "id": "a-2"})
    write_lines(tmp_path / "notes.txt", "not rows")
    assert [row.id for row in read_agents(tmp_path)] == ["a-1", "a-2", "b-1"]


BAD_AGENTS = [
    "not json",
    "[1, 2]",
    "7",
    {key: value for key, value in AGENT.items() if key != "labels"},
    {key: value for key, value in AGENT.items() if key != "text"},
    {**AGENT, "colour": "red"},
    {**AGENT, "text": "  "},
    {**AGENT, "labels": ["APOLOGISE:2"]},
    {**AGENT, "labels": ["APOLOGIZE"]},
    {**AGENT, "labels": ["APOLOGIZE:3"]},
    {**AGENT, "labels": ["APOLOGIZE:much"]},
    {**AGENT, "labels": ["SCRIPTED:1"]},
    {**AGENT, "labels": ["REPEATED"]},
    {**AGENT, "labels": "APOLOGIZE:2"},
    {**AGENT, "labels": None},
    {**AGENT, "optional": ["APOLOGIZE"]},
    {**AGENT, "optional": ["HUG"]},
]


@pytest.mark.parametrize("bad", BAD_AGENTS, ids=range(len(BAD_AGENTS)))
def test_bad_agent_row_is_named_by_file_and_line(tmp_path: Path, bad: dict[str, Any] | str) -> None:
    with pytest.raises(RowError, match=r"pen\.jsonl:2: "):
        read_agents(write_lines(tmp_path / "pen.jsonl", {**AGENT, "id": "a-0"}, bad))


BAD_CUSTOMERS = [
    "{",
    "7",
    {key: value for key, value in CUSTOMER.items() if key != "upset"},
    {**CUSTOMER, "act": "SHOUT"},
    {**CUSTOMER, "second_act": "SHOUT"},
    {**CUSTOMER, "upset": 1.2},
    {**CUSTOMER, "upset": -0.1},
    {**CUSTOMER, "upset": "very"},
    {**CUSTOMER, "text": ""},
    {**CUSTOMER, "labels": []},
    {**CUSTOMER, "acceptable": ["HUG"]},
    {**CUSTOMER, "wrong": ["DEFEND"]},
    {**CUSTOMER, "acceptable": ["LISTEN"], "wrong": ["THANK", "LISTEN"]},
]


@pytest.mark.parametrize("bad", BAD_CUSTOMERS, ids=range(len(BAD_CUSTOMERS)))
def test_bad_customer_row_is_named_by_file_and_line(tmp_path: Path, bad: dict[str, Any] | str) -> None:
    with pytest.raises(RowError, match=r"pen\.jsonl:2: "):
        read_customers(write_lines(tmp_path / "pen.jsonl", {**CUSTOMER, "id": "c-0"}, bad))


def test_id_is_unique_over_all_files(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.jsonl", AGENT)
    write_lines(tmp_path / "b.jsonl", AGENT)
    with pytest.raises(RowError, match="two rows have the id a-1"):
        read_agents(tmp_path)


def test_rows_written_are_rows_read(tmp_path: Path) -> None:
    agents = [agent_row("Désolé, “sorry” 😊\tyes", "APOLOGIZE:1", optional=["THANK"]), agent_row("Ok.", name="a-2")]
    customers = [customer_row(second_act="VENT", upset=0.0)]
    write_rows(tmp_path / "a.jsonl", agents)
    write_rows(tmp_path / "c.jsonl", customers)
    assert read_agents(tmp_path / "a.jsonl") == agents
    assert read_customers(tmp_path / "c.jsonl") == customers


def test_real_labels_are_joined_with_the_sentences_the_user_brings(tmp_path: Path) -> None:
    label = {"id": "r-1", "author": "real", "text_sha256": text_sha256("So sorry!"), "labels": ["APOLOGIZE:1"]}
    labels = write_lines(tmp_path / "labels.jsonl", label)
    texts = write_lines(tmp_path / "texts.jsonl", {"id": "r-1", "sentence": "So sorry!"})
    assert [(row.text, row.labels) for row in join_real(labels, texts)] == [("So sorry!", ("APOLOGIZE:1",))]


@pytest.mark.parametrize("text", [{"id": "r-1", "sentence": "So sorry."}, {"id": "r-2", "sentence": "So sorry!"}])
def test_other_sentence_than_the_labelled_one_is_refused(tmp_path: Path, text: dict[str, str]) -> None:
    label = {"id": "r-1", "author": "real", "text_sha256": text_sha256("So sorry!"), "labels": []}
    labels = write_lines(tmp_path / "labels.jsonl", label)
    with pytest.raises(RowError, match=r"labels\.jsonl:1: texts\.jsonl holds no such sentence"):
        join_real(labels, write_lines(tmp_path / "texts.jsonl", text))


def test_extra_real_sentences_keep_the_labels_of_our_taxonomy(tmp_path: Path) -> None:
    label = {
        "id": "x-1",
        "annotator": "bob",
        "labels": ["APOLOGIZE", "EMPATHIZE", "SCRIPTED", "OTHER"],
        "optional": ["APOLOGIZE", "THANK", "NOISE"],
        "strength": {"APOLOGIZE": 2},
    }
    labels = write_lines(tmp_path / "labels.jsonl", label)
    row = read_extra(labels, write_lines(tmp_path / "texts.jsonl", {"id": "x-1", "sentence": "Sorry, truly."}))[0]
    assert row.firm == {Step.APOLOGIZE: 2, Step.EMPATHIZE: 1, Misstep.SCRIPTED: 1}
    assert (row.arguable, row.kind, row.author, row.text) == ({Step.THANK}, REAL, "bob", "Sorry, truly.")


SHEET = """\
@ channel=chat industry=airline english=Indian kind=plain mood=sour
> Where is my bag?
APOLOGIZE:2,?EMPATHIZE\tI am sorry about the bag.
-\tWhat is the tag number?

=
EMPATHIZE:2, TAKE_ACTION:1\tThat is hard, I will look.
?SCRIPTED:1,?SCRIPTED\tYour call matters.
=
SCRIPTED\tYour call is important to us.
@ channel=email
>
\tGood morning.
"""


def test_agent_sheet_is_read_row_by_row() -> None:
    rows = list(read_agent_sheet("ann", SHEET))
    assert [row.id for row in rows] == [f"ann-000{i}" for i in range(1, 7)]
    assert [row.labels for row in rows] == [
        ("APOLOGIZE:2",),
        (),
        ("EMPATHIZE:2", "TAKE_ACTION:1"),
        (),
        ("SCRIPTED",),
        (),
    ]
    assert [row.optional for row in rows] == [("EMPATHIZE",), (), (), ("SCRIPTED",), (), ()]
    assert rows[0].text == "I am sorry about the bag."


def test_agent_sheet_carries_attributes_context_and_groups_on() -> None:
    rows = list(read_agent_sheet("ann", SHEET))
    assert [row.group for row in rows] == ["", "", "ann-g0001", "ann-g0001", "ann-g0002", ""]
    assert [row.context for row in rows] == ["Where is my bag?"] * 5 + [""]
    assert [row.channel for row in rows] == ["chat"] * 5 + ["email"]
    assert (rows[0].industry, rows[0].english, rows[0].kind, rows[5].industry) == ("airline", "Indian", "plain", "")


def test_customer_sheet_is_read_row_by_row() -> None:
    sheet = "@ channel=chat kind=x\n> Shall I send it?\nVENT,EXPLAIN\t0.85\tIt is late!\nCONFIRM\t0.1\tYes, please.\n"
    first, second = read_customer_sheet("bea", sheet)
    assert (first.act, first.second_act, first.upset, first.text) == ("VENT", "EXPLAIN", 0.85, "It is late!")
    assert (second.id, second.act, second.second_act, second.context) == ("bea-0002", "CONFIRM", "", "Shall I send it?")


def test_customer_sheet_may_say_what_a_message_calls_for(tmp_path: Path) -> None:
    rows = list(read_customer_sheet("bea", "VENT\t0.85\tLISTEN, EMPATHIZE\tAPPRECIATE\tIt is late!\n"))
    assert (rows[0].acceptable, rows[0].wrong, rows[0].text) == (
        ("LISTEN", "EMPATHIZE"),
        ("APPRECIATE",),
        "It is late!",
    )
    write_rows(tmp_path / "bea.jsonl", rows)
    assert read_customers(tmp_path / "bea.jsonl") == rows


def test_rows_of_a_sheet_are_rows_of_a_file(tmp_path: Path) -> None:
    rows = list(read_agent_sheet("ann", SHEET))
    write_rows(tmp_path / "ann.jsonl", rows)
    assert read_agents(tmp_path / "ann.jsonl") == rows


@pytest.mark.parametrize("folder", ["agents", "customers"])
def test_shipped_rows_are_well_formed(folder: str) -> None:
    data = Path(__file__).parents[1] / "data" / folder
    rows = read_agents(data) if folder == "agents" else read_customers(data)
    lines = sum(len(path.read_text(encoding="utf-8").split("\n")) - 1 for path in data.glob("*.jsonl"))
    assert len(rows) == lines > 1000
    assert {row.author for row in rows} == {path.stem for path in data.glob("*.jsonl")}


def test_row_is_one_line_of_json(tmp_path: Path) -> None:
    write_rows(tmp_path / "a.jsonl", [agent_row("two\nlines")])
    assert json.loads((tmp_path / "a.jsonl").read_text())["text"] == "two\nlines"
    assert read_agents(tmp_path / "a.jsonl")[0].text == "two\nlines"
