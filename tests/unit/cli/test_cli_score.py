"""`amends score` shows why a score is what it is, and judges JSON lines in batches."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
from amends.v1 import empathy_service_pb2, judgement_pb2, taxonomy_pb2
from amends_client.testing import Failure, FakeServer
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2

Run = Callable[..., Any]

REPLY = "I am so sorry about the wait. You should have called us earlier."
ASK = ("score", "--customer", "It is a week late!", "--reply", REPLY)


def lines(*replies: str) -> str:
    return "\n".join(
        json.dumps({"turns": [{"role": "customer", "text": "Late!"}], "reply": reply}) for reply in replies
    )


def batch(*scores: float) -> empathy_service_pb2.BatchScoreRepliesResponse:
    results = [
        empathy_service_pb2.BatchScoreRepliesResult(judgement=judgement_pb2.Judgement(score=score)) for score in scores
    ]
    return empathy_service_pb2.BatchScoreRepliesResponse(results=results)


def failed(code: int, message: str, *details: Message) -> empathy_service_pb2.BatchScoreRepliesResult:
    status = status_pb2.Status(code=code, message=message)
    for detail in details:
        packed = AnyMessage()
        packed.Pack(detail)
        status.details.append(packed)
    return empathy_service_pb2.BatchScoreRepliesResult(error=status)


def test_table_tells_score_evidence_points_gaps_advice_and_customer(
    server: FakeServer, run: Run, scored: empathy_service_pb2.ScoreReplyResponse
) -> None:
    server.answer("ScoreReply", scored)
    result = run(*ASK)
    assert result.exit_code == 0, result.stderr
    for shown in (
        "31.25 of 100, falls short",
        "confidence 0.81, playbook unified 1.0, stage hear",
        "I am so sorry about the wait. [apologize] You should have called us earlier. [blame customer]",
        "ground          +30.00      Every reply starts here.",
        "apologize       +11.25  15  It says sorry.",
        "blame customer  -10.00      It says the customer was late.",
        "score            31.25",
        "empathize  expected    absent  Name how the wait feels.",
        "+12.50  Say that a week of waiting is hard.",
        "“A week without it must be so frustrating.”",
        "customer upset 0.83, vent 0.71",
        "model amends-minilm-l6 1.2.0 (abababababab), 12.5 ms",
    ):
        assert shown in result.stdout


def test_expected_step_that_is_absent_is_missing_also_without_words(
    server: FakeServer, run: Run, scored: empathy_service_pb2.ScoreReplyResponse
) -> None:
    scored.judgement.steps[0].missing = ""
    server.answer("ScoreReply", scored)
    assert "empathize  expected    absent" in run(*ASK).stdout


def test_unsure_score_is_shown_only_behind_its_verdict(
    server: FakeServer, run: Run, scored: empathy_service_pb2.ScoreReplyResponse
) -> None:
    scored.judgement.verdict = taxonomy_pb2.VERDICT_UNSURE
    scored.judgement.unsure_reasons.append("The reply is too short.")
    server.answer("ScoreReply", scored)
    result = run(*ASK)
    assert result.stdout.startswith("unsure (score 31.25, not to be relied on)\n")
    assert "unsure: The reply is too short." in result.stdout


def test_values_of_a_newer_contract_are_shown_by_number(
    server: FakeServer, run: Run, scored: empathy_service_pb2.ScoreReplyResponse
) -> None:
    scored.judgement.customer.act = 99  # type: ignore[assignment]
    server.answer("ScoreReply", scored)
    assert "unknown (99) 0.71" in run(*ASK).stdout


def test_json_is_the_response_with_the_names_of_the_contract(
    server: FakeServer, run: Run, scored: empathy_service_pb2.ScoreReplyResponse
) -> None:
    server.answer("ScoreReply", scored)
    printed = json.loads(run(*ASK, "--json").stdout)
    assert printed["judgement"]["verdict"] == "VERDICT_FALLS_SHORT"
    assert printed["judgement"]["steps"][1]["spans"] == [{"turn_index": 0, "start": 0, "end": 29}]
    assert printed["model"]["version"] == "1.2.0"


def test_json_keeps_zeros(server: FakeServer, run: Run) -> None:
    server.answer("ScoreReply", empathy_service_pb2.ScoreReplyResponse(judgement=judgement_pb2.Judgement(score=0)))
    assert json.loads(run(*ASK, "--json").stdout)["judgement"]["score"] == 0


def test_request_holds_the_input_and_the_flags(
    server: FakeServer, run: Run, scored: empathy_service_pb2.ScoreReplyResponse
) -> None:
    server.answer("ScoreReply", scored)
    run("score", "-", "--playbook", "least", "--locale", "en-GB", stdin="customer: Late!\nagent: Sorry.\nagent: Soon.")
    request = server.calls[0].request
    assert [turn.text for turn in request.turns] == ["Late!"]
    assert [turn.text for turn in request.reply] == ["Sorry.", "Soon."]
    assert (request.playbook, request.locale) == ("least", "en-GB")


def test_svg_holds_what_is_shown_and_loads_nothing(
    server: FakeServer, run: Run, scored: empathy_service_pb2.ScoreReplyResponse, tmp_path: Path
) -> None:
    server.answer("ScoreReply", scored)
    path = tmp_path / "score.svg"
    assert run(*ASK, "--svg", str(path)).exit_code == 0
    picture = path.read_text(encoding="utf-8")
    assert picture.startswith("<svg")
    assert "[apologize]" in picture
    assert "@font-face" not in picture
    assert "url(http" not in picture


def test_svg_that_cannot_be_written_is_told(
    server: FakeServer, run: Run, scored: empathy_service_pb2.ScoreReplyResponse, tmp_path: Path
) -> None:
    server.answer("ScoreReply", scored)
    result = run(*ASK, "--svg", str(tmp_path / "absent" / "score.svg"))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("amends: --svg: cannot write ")


def test_json_lines_are_judged_in_batches_and_answered_in_order(server: FakeServer, run: Run) -> None:
    server.answer("BatchScoreReplies", batch(10, 20), batch(30))
    result = run("score", "--batch-size", "2", stdin=lines("one", "two", "three"))
    assert result.exit_code == 0, result.stderr
    assert [json.loads(line)["judgement"]["score"] for line in result.stdout.splitlines()] == [10, 20, 30]
    assert [len(call.request.requests) for call in server.calls] == [2, 1]
    assert [item.reply[0].text for call in server.calls for item in call.request.requests] == ["one", "two", "three"]


def test_flags_hold_for_every_line(server: FakeServer, run: Run) -> None:
    server.answer("BatchScoreReplies", batch(10, 20))
    run("score", "--playbook", "least", stdin=lines("one", "two"))
    assert [item.playbook for item in server.calls[0].request.requests] == ["least", "least"]


def test_failed_item_has_its_error_in_its_line(server: FakeServer, run: Run) -> None:
    violation = error_details_pb2.BadRequest.FieldViolation(field="turns[0].text", description="is too long")
    response = batch(10)
    response.results.extend(
        [
            failed(
                code_pb2.INVALID_ARGUMENT,
                "1 field is wrong",
                error_details_pb2.ErrorInfo(reason="TEXT_TOO_LONG"),
                error_details_pb2.BadRequest(field_violations=[violation]),
            ),
            failed(
                code_pb2.RESOURCE_EXHAUSTED,
                "busy",
                error_details_pb2.RetryInfo(retry_delay=Duration(seconds=2)),
            ),
        ]
    )
    server.answer("BatchScoreReplies", response)
    result = run("score", stdin=lines("one", "two", "three"))
    good, bad, busy = (json.loads(line) for line in result.stdout.splitlines())
    assert good["judgement"]["score"] == 10
    assert bad == {
        "error": {
            "code": "INVALID_ARGUMENT",
            "reason": "TEXT_TOO_LONG",
            "message": "1 field is wrong",
            "violations": [{"field": "turns[0].text", "description": "is too long"}],
        }
    }
    assert busy["error"]["retry_after_s"] == 2
    assert result.exit_code == 1
    assert result.stderr == "amends: 2 of 3 replies could not be judged: their lines say why\n"


def test_results_before_a_failed_batch_stay_printed(server: FakeServer, run: Run) -> None:
    server.answer("BatchScoreReplies", batch(10), Failure(grpc.StatusCode.INTERNAL, "oops"))
    result = run("score", "--batch-size", "1", stdin=lines("one", "two"))
    assert json.loads(result.stdout)["judgement"]["score"] == 10
    assert result.exit_code == 1
    assert result.stderr.startswith("amends: oops; quote the request to whoever runs the server (INTERNAL, request ")


def test_broken_line_is_told_before_anything_is_sent(server: FakeServer, run: Run) -> None:
    result = run("score", stdin=lines("one") + '\n{"turns": oops}')
    assert (result.exit_code, result.stdout, server.calls) == (2, "", [])
    assert result.stderr == "amends: line 2: is not JSON: Expecting value at column 11\n"


@pytest.mark.parametrize(
    ("stdin", "place"),
    [
        ("agent: Hello.\ncustomer: Late!", ""),
        ('{"turns": [{"role": "customer", "text": "Late!"}]}', ""),
        (lines("one") + '\n{"turns": [{"role": "customer", "text": "Late!"}]}', "conversation 2: "),
    ],
)
def test_missing_reply_is_told(server: FakeServer, run: Run, stdin: str, place: str) -> None:
    result = run("score", stdin=stdin)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"amends: {place}there is no reply to judge: ")
    assert server.calls == []


def test_svg_of_json_lines_is_refused(run: Run) -> None:
    result = run("score", "--svg", "score.svg", stdin=lines("one", "two"))
    assert result.exit_code == 2
    assert result.stderr.startswith("amends: --svg: shows one judgement")


@pytest.mark.parametrize("size", ["0", "101"])
def test_batch_size_is_bounded(run: Run, size: str) -> None:
    result = run("score", "--batch-size", size, stdin=lines("one"))
    assert result.exit_code == 2
    assert "--batch-size" in result.stderr


def test_scoring_needs_no_server_package(
    server: FakeServer,
    run: Run,
    scored: empathy_service_pb2.ScoreReplyResponse,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("amends_server", "amends_core"):
        monkeypatch.setitem(sys.modules, name, None)
    server.answer("ScoreReply", scored)
    assert run(*ASK).exit_code == 0


def test_own_steps_are_shown_beside_the_score_and_own_exemplars_named(
    server: FakeServer, run: Run, scored: empathy_service_pb2.ScoreReplyResponse
) -> None:
    scored.judgement.custom_steps.add(
        name="written_summary",
        probability=0.91,
        claimed=True,
        nearest_exemplar=judgement_pb2.Exemplar(text="I'll mail you a recap.", similarity=0.87, own=True),
    )
    scored.judgement.custom_steps.add(name="safety_check", probability=0.02)
    scored.model.exemplars.name, scored.model.exemplars.version = "halden", "1.0.0"
    server.answer("ScoreReply", scored)
    result = run(*ASK)
    for shown in (
        "steps of your own, beside the score",
        "written_summary  yes   0.91         “I'll mail you a recap.” 0.87",
        "safety_check     no    0.02",
        "with exemplars halden 1.0.0",
    ):
        assert shown in result.stdout
