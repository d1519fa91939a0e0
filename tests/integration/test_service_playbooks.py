"""Playbooks of one's own change while the service runs: no call fails, and a broken file changes nothing."""

import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from amends_client import Client, ClientOptions, NotFound, customer
from amends_core.errors import PlaybookError
from amends_core.playbooks import PlaybookLibrary
from amends_core.playbooks.library import DATA_DIR
from amends_server.editions import Model, load_model
from amends_server.encoding import Overloaded
from amends_server.encoding.policy import Limit, Priority, Refusal
from amends_server.playbooks import fingerprint, load_checked
from amends_server.settings import Settings
from raw_calls import HeldEncoder
from running_service import PATIENCE_S, Running, Serve

TURNS = [customer("My parcel is three weeks late! I am furious.")]
SOURCE = (DATA_DIR / "playbooks/connect_first.yaml").read_text().replace("name: connect_first", "name: own")


def written(folder: Path, version: str, *changes: tuple[str, str], file: str = "own.yaml") -> None:
    """Writes the playbook as an editor does: beside it, then in its place."""
    text = SOURCE.replace("version: 1.0.0", f"version: {version}")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    (folder / "draft").write_text(text)
    os.replace(folder / "draft", folder / file)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    written(tmp_path, "1.0.0")
    return tmp_path


@pytest.fixture
def own_model(model: Model, folder: Path) -> Model:
    return replace(load_model(Settings(playbook_dir=folder)), encoder=model.encoder)


@pytest.fixture
def watching(serve: Serve, own_model: Model, folder: Path) -> Running:
    return serve(model=own_model, playbook_dir=folder, playbook_poll_s=0.02, metrics_port=0)


@pytest.fixture
def asking(watching: Running) -> Iterator[Client]:
    with Client(ClientOptions(watching.target, timeout_s=PATIENCE_S, max_attempts=1)) as client:
        yield client


def until(holds: Callable[[], bool]) -> None:
    """Waits for what is bound to come."""
    ends = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < ends, "it never came"
        time.sleep(0.01)


def reloads(running: Running, outcome: str) -> float:
    line = f'amends_playbooks_reload_total{{outcome="{outcome}"}} '
    return float(next(row for row in running.metrics_page().splitlines() if row.startswith(line)).rpartition(" ")[2])


def version_of(client: Client) -> str:
    return client.score_reply(TURNS, "I am so sorry about the wait.", playbook="own").judgement.playbook.version


def test_new_version_serves_under_load_and_no_call_fails(watching: Running, asking: Client, folder: Path) -> None:
    stop, versions = threading.Event(), list[str]()

    def ask(caller: int) -> int:
        calls = 0
        while not stop.is_set():
            calls += 1
            said = f"I am so sorry about the wait, {caller} {calls}."
            judgement = asking.score_reply(TURNS, said, playbook="own").judgement
            advice = asking.next_step(TURNS, playbook="own").advice
            versions.extend((judgement.playbook.version, advice.playbook.version))
        return calls

    with ThreadPoolExecutor(4) as threads:
        callers = [threads.submit(ask, n) for n in range(4)]
        for number in range(2, 5):
            phrase = ("exemplars:\n", f'exemplars:\n  THANK: ["Thank you for telling us, {number}."]\n')
            written(folder, f"{number}.0.0", phrase)
            until(lambda number=number: f"{number}.0.0" in versions)  # type: ignore[misc]
        stop.set()
        assert all(caller.result(PATIENCE_S) > 0 for caller in callers)
    assert sorted(set(versions)) == ["1.0.0", "2.0.0", "3.0.0", "4.0.0"]
    assert version_of(asking) == "4.0.0"
    assert reloads(watching, "loaded") == 3
    assert reloads(watching, "refused") == 0


def test_every_answer_names_version_and_checksum(asking: Client, folder: Path) -> None:
    written(folder, "2.0.0")
    until(lambda: version_of(asking) == "2.0.0")
    (checksum,) = (sha256 for _, sha256 in fingerprint(folder))
    judged = asking.score_reply(TURNS, "I am sorry.", playbook="own").judgement.playbook
    advised = asking.next_step(TURNS, playbook="own").advice.playbook
    told = next(each for each in asking.server_info().info.playbooks if each.name == "own")
    listed = next(each.ref for each in asking.list_playbooks().playbooks if each.ref.name == "own")
    shown = asking.get_playbook("own").playbook.ref
    assert {(each.version, each.sha256) for each in (judged, advised, told, listed, shown)} == {("2.0.0", checksum)}


BROKEN: list[tuple[tuple[str, str], str]] = [
    (("schema: 1", "schema: 7"), "own.yaml: line 1: schema: must be 1"),
    (("stages:\n", "stages: [\n"), "own.yaml: line "),
    (("name: own", "name: six_steps"), "two playbooks are named 'six_steps'"),
    (("remedy_after: [[EMPATHIZE]]", "remedy_after: [[THANK]]"), "own: rules.remedy_after[0]: no stage offers"),
]


@pytest.mark.parametrize(("change", "problem"), BROKEN, ids=["schema", "syntax", "name", "contradiction"])
def test_broken_file_changes_nothing_and_is_told_by_its_place(
    watching: Running,
    asking: Client,
    folder: Path,
    change: tuple[str, str],
    problem: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR, "amends.playbooks"):
        written(folder, "2.0.0", change)
        until(lambda: reloads(watching, "refused") == 1)
    assert version_of(asking) == "1.0.0"
    assert reloads(watching, "loaded") == 0
    (record,) = [record for record in caplog.records if record.message == "playbooks refused"]
    assert record.__dict__["problems"][0].startswith(problem)
    written(folder, "3.0.0")
    until(lambda: version_of(asking) == "3.0.0")


def test_what_nobody_foresaw_is_refused_and_the_watch_goes_on(
    watching: Running,
    asking: Client,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def load(own_dir: Path) -> PlaybookLibrary:
        if "version: 2.0.0" in (own_dir / "own.yaml").read_text():
            raise OverflowError("Confidential Words")
        return load_checked(own_dir)

    monkeypatch.setattr("amends_server.playbooks.load_checked", load)
    written(folder, "2.0.0")
    until(lambda: reloads(watching, "refused") == 1)
    written(folder, "3.0.0")
    until(lambda: version_of(asking) == "3.0.0")
    assert reloads(watching, "refused") == 1
    (record,) = [record for record in caplog.records if record.message == "playbooks refused"]
    assert record.__dict__["problems"] == ("they cannot be used (OverflowError)",)


def test_folder_that_cannot_be_listed_is_a_change_like_any_other(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(116, "Stale file handle")

    monkeypatch.setattr(Path, "glob", fail)
    assert fingerprint(folder) == ((str(folder), "OSError"),)


def test_log_of_a_broken_file_holds_nothing_of_its_text(
    watching: Running, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        written(folder, "2.0.0", ("order: RULE", "order: Confidential Words"))
        until(lambda: reloads(watching, "refused") == 1)
    assert "onfidential" not in "".join(str(record.__dict__) for record in caplog.records)


def test_same_text_again_is_no_reload(watching: Running, folder: Path) -> None:
    written(folder, "1.0.0")
    os.utime(folder / "own.yaml", (1, 1))
    watching.loop.call_soon_threadsafe(watching.service.reload)
    written(folder, "1.0.1")
    until(lambda: reloads(watching, "loaded") == 1)
    assert reloads(watching, "refused") == 0


def test_playbook_comes_and_goes_with_its_file(asking: Client, folder: Path) -> None:
    written(folder, "1.0.0", ("name: own", "name: second"), file="second.yaml")
    until(lambda: "second" in {each.ref.name for each in asking.list_playbooks().playbooks})
    assert asking.next_step(TURNS, playbook="second").advice.playbook.name == "second"
    (folder / "second.yaml").unlink()
    until(lambda: "second" not in {each.ref.name for each in asking.list_playbooks().playbooks})
    with pytest.raises(NotFound, match="no playbook of that name"):
        asking.next_step(TURNS, playbook="second")


def test_changed_text_under_the_old_version_is_told(
    watching: Running, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "amends.playbooks"):
        written(folder, "1.0.0", ("title: Connect first", "title: Connect"))
        until(lambda: reloads(watching, "loaded") == 1)
        until(lambda: bool(caplog.records))
    assert [record.__dict__["playbook"] for record in caplog.records] == ["own"]


def test_without_polling_only_a_request_has_the_files_looked_at(serve: Serve, own_model: Model, folder: Path) -> None:
    running = serve(model=own_model, playbook_dir=folder, playbook_poll_s=0, metrics_port=0)
    with Client(ClientOptions(running.target, timeout_s=PATIENCE_S)) as client:
        assert version_of(client) == "1.0.0"
        written(folder, "2.0.0")
        running.loop.call_soon_threadsafe(running.service.reload)
        until(lambda: version_of(client) == "2.0.0")


def test_call_in_flight_ends_on_the_edition_it_began_on(
    serve: Serve, own_model: Model, folder: Path, held: HeldEncoder
) -> None:
    held_model = replace(own_model, encoder=held)  # type: ignore[arg-type]
    running = serve(model=held_model, workers=1, playbook_dir=folder, playbook_poll_s=0, metrics_port=0)
    options = ClientOptions(running.target, timeout_s=PATIENCE_S, max_attempts=1)
    with Client(options) as client, ThreadPoolExecutor(1) as threads:
        call = threads.submit(client.score_reply, TURNS, "I am sorry.", playbook="own")
        assert held.started.wait(PATIENCE_S)
        (folder / "own.yaml").unlink()
        running.loop.call_soon_threadsafe(running.service.reload)
        until(lambda: reloads(running, "loaded") == 1)
        assert "own" not in {each.ref.name for each in client.list_playbooks().playbooks}
        held.let_go.set()
        assert call.result(PATIENCE_S).judgement.playbook.version == "1.0.0"


def test_reload_is_put_off_while_calls_keep_the_encoder_busy(
    watching: Running, asking: Client, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = threading.Event()
    encode = watching.service._pool.encode

    async def refuse(*args: object, **terms: object) -> object:
        if not busy.is_set():
            raise Overloaded(Refusal(Limit.DEADLINE, Priority.BULK, 40, 4096, queue_s=1, needs_s=1, left_s=1), 1.0)
        return await encode(*args, **terms)  # type: ignore[arg-type]

    monkeypatch.setattr(watching.service._pool, "encode", refuse)
    written(folder, "2.0.0", ("exemplars:\n", 'exemplars:\n  THANK: ["Thank you for this very new phrase."]\n'))
    until(lambda: reloads(watching, "postponed") >= 1)
    busy.set()
    until(lambda: version_of(asking) == "2.0.0")


def test_files_that_change_while_they_are_read_are_read_again(
    watching: Running, asking: Client, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = iter(["2.0.1", "2.0.2", "2.0.3"])

    def load_while_written(own_dir: Path) -> PlaybookLibrary:
        library = load_checked(own_dir)
        if (version := next(changes, None)) is not None:
            written(folder, version)
        return library

    monkeypatch.setattr("amends_server.playbooks.load_checked", load_while_written)
    written(folder, "2.0.0")
    until(lambda: version_of(asking) == "2.0.3")
    assert reloads(watching, "loaded") == 1
    assert reloads(watching, "refused") == 0


def test_stop_ends_the_watch(watching: Running) -> None:
    async def watches() -> int:
        return sum("Watcher" in repr(task.get_coro()) for task in asyncio.all_tasks())

    before = watching.run(watches())
    watching.run(watching.service.stop(0))
    assert watching.run(watches()) == before - 1


def test_start_refuses_a_playbook_that_contradicts_itself(folder: Path) -> None:
    written(folder, "1.0.0", ("remedy_after: [[EMPATHIZE]]", "remedy_after: [[THANK]]"))
    with pytest.raises(PlaybookError, match=r"own: rules\.remedy_after\[0\]: no stage offers a step of it"):
        load_checked(folder)


def test_fingerprint_sees_content_and_not_time(folder: Path) -> None:
    before = fingerprint(folder)
    os.utime(folder / "own.yaml", (1, 1))
    assert fingerprint(folder) == before
    written(folder, "1.0.1")
    os.utime(folder / "own.yaml", (1, 1))
    assert fingerprint(folder) != before
    (folder / "own.yaml").unlink()
    assert fingerprint(folder) == ()
    os.mkfifo(folder / "own.yaml")
    assert fingerprint(folder) == (("own.yaml", "no file"),)
