import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from amends_eval.errors import DatasetError
from amends_eval.labels import journal, screen
from amends_eval.labels.items import Item
from amends_eval.labels.journal import Entry, Journal
from amends_eval.labels.session import Session
from amends_eval.labels.terminal import lead
from rich.console import Console

ITEMS = [Item("a", "Sorry.", "Late again!"), Item("b", "The train is at 5."), Item("c", "Calm down.")]


def typing(*lines: str, end: type[BaseException] = EOFError) -> Callable[[str], str]:
    left: Iterator[str] = iter(lines)

    def ask(_prompt: str) -> str:
        line = next(left, None)
        if line is None:
            raise end
        return line

    return ask


def led(path: Path, ask: Callable[[str], str], labeller: str = "ana") -> tuple[Session, bool, str]:
    console = Console(file=io.StringIO(), width=100, markup=False, highlight=False)
    with Journal(path, labeller) as answers:
        session = Session(ITEMS, answers.answers.values(), labeller)

        def show() -> object:
            item = session.current
            return screen.show_item(item, session.answered, session.whole) if item else None

        whole = lead(session, answers, show, console, ask)  # type: ignore[arg-type]
    assert isinstance(console.file, io.StringIO)
    return session, whole, console.file.getvalue()


def test_an_answer_is_saved_and_the_next_sentence_comes() -> None:
    session = Session(ITEMS, [], "ana")
    response = session.feed("6:1 ?scr")
    assert response.save == Entry(
        id="a", text="Sorry.", context="Late again!", labels=("APOLOGIZE:1",), optional=("SCRIPTED",), labeller="ana"
    )
    assert session.current == ITEMS[1]
    assert (session.answered, session.whole) == (1, 3)


def test_what_cannot_be_read_leaves_the_sentence_and_saves_nothing() -> None:
    session = Session(ITEMS, [], "ana")
    response = session.feed("6")
    assert response.save is None
    assert "how strong" in response.said
    assert session.current == ITEMS[0]


def test_undo_takes_back_the_last_answer_also_of_an_earlier_session_and_after_the_end() -> None:
    answered = [Entry(id="a", labels=("APOLOGIZE:1",), labeller="ana")]
    session = Session(ITEMS[:1], answered, "ana")
    assert session.current is None
    assert not session.over
    response = session.feed("u")
    assert response.save == Entry(id="a", labels=(), labeller="ana", undone=True)
    assert session.current == ITEMS[0]
    assert session.feed("undo").said == "nothing is there to take back"


def test_a_sentence_passed_over_comes_again_in_the_next_session() -> None:
    session = Session(ITEMS, [], "ana")
    session.feed("s")
    assert session.current == ITEMS[1]
    assert session.skipped == 1
    assert Session(ITEMS, [], "ana").current == ITEMS[0]


def test_help_shows_the_labels_and_keeps_the_sentence() -> None:
    session = Session(ITEMS, [], "ana")
    assert session.feed("?").help
    assert session.current == ITEMS[0]


@pytest.mark.parametrize("line", ["q", "QUIT "])
def test_quit_ends(line: str) -> None:
    session = Session(ITEMS, [], "ana")
    session.feed(line)
    assert session.over


def test_every_answer_is_on_the_disk_before_the_next_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "ana.jsonl"
    lines_seen: list[int] = []
    answers = iter(["6:1", "-", "15", ""])

    def ask(_prompt: str) -> str:
        lines_seen.append(len(path.read_text(encoding="utf-8").splitlines()))
        return next(answers)

    led(path, ask)
    assert lines_seen == [0, 1, 2, 3]


@pytest.mark.parametrize(("end", "whole"), [(EOFError, True), (KeyboardInterrupt, False)])
def test_a_session_broken_off_loses_nothing_and_is_resumed(
    tmp_path: Path, end: type[BaseException], whole: bool
) -> None:
    path = tmp_path / "ana.jsonl"
    assert led(path, typing("6:1", end=end))[1] is whole
    session, _, shown = led(path, typing("-"))
    assert "Sorry." not in shown
    assert (session.answered, session.current) == (2, ITEMS[2])
    assert list(journal.read(path)) == ["a", "b"]


def test_an_answer_taken_back_and_given_anew_counts_once(tmp_path: Path) -> None:
    path = tmp_path / "ana.jsonl"
    led(path, typing("6:1", "u", "6:2", "q"))
    assert len(path.read_text(encoding="utf-8").splitlines()) == 3
    assert [(entry.id, entry.labels) for entry in journal.read(path).values()] == [("a", ("APOLOGIZE:2",))]


def test_a_line_cut_short_by_a_crash_is_left_out_and_the_file_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "ana.jsonl"
    led(path, typing("6:1", "q"))
    with path.open("a", encoding="utf-8") as file:
        file.write('{"id": "b", "lab')
    led(path, typing("-", "q"))
    assert list(journal.read(path)) == ["a", "b"]


def test_a_file_of_another_labeller_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ana.jsonl"
    led(path, typing("6:1", "q"))
    with pytest.raises(DatasetError, match="each labeller has a file of their own"):
        Journal(path, "ben")


def test_a_damaged_line_is_refused_with_its_place_and_without_its_text(tmp_path: Path) -> None:
    path = tmp_path / "ana.jsonl"
    path.write_text('{"id": "a", "labels": ["SORRY"], "text": "private words"}\n', encoding="utf-8")
    with pytest.raises(DatasetError, match=r"ana\.jsonl:1: labels") as error:
        journal.read(path)
    assert "private" not in str(error.value)


def test_the_screen_shows_text_that_cannot_steer_the_terminal_nor_be_taken_for_markup() -> None:
    console = Console(file=io.StringIO(), width=80, markup=False, force_terminal=True, color_system=None)
    console.print(screen.show_item(Item("x", "[red]hi[/red]\x1b[2J\x9b1m", "one\ntwo"), 0, 1))
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert "[red]hi[/red]\ufffd[2J\ufffd1m" in shown
    assert "\x1b" not in shown
    assert "one\ntwo" in shown


def test_everything_is_said_without_colour(tmp_path: Path) -> None:
    _, _, shown = led(tmp_path / "ana.jsonl", typing("?", "6:2 ?def", "q"))
    assert all(word in shown for word in ("customer  Late again!", "agent     Sorry.", "6   apologize", "1 of 3"))
    assert "saved: apologize strong, maybe defend" in shown
    assert "\x1b" not in shown
