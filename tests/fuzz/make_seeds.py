"""Writes the seeds that start the fuzzing anew: `python make_seeds.py`. Seeds of past failures stay as they are."""

from pathlib import Path

from amends.v1 import conversation_pb2, playbook_service_pb2
from amends.v1 import empathy_service_pb2 as pb
from amends_core.playbooks.library import DATA_DIR
from fuzz_inputs import SEEDS, SEPARATOR

ROOT = Path(__file__).parents[2]
CUSTOMER, AGENT = 1, 2


def _turn(role: int, text: str, seconds: int = 0) -> conversation_pb2.Turn:
    turn = conversation_pb2.Turn(role=role, text=text, speaker_id="a1", channel=1)  # type: ignore[arg-type]
    if seconds:
        turn.time.seconds = seconds
    return turn


TURNS = [
    _turn(CUSTOMER, "My parcel 4471-9920 is three weeks late! I paid 39.90 for it.", 1_700_000_000),
    _turn(AGENT, "I am so sorry, Mrs Howe. I will call the depot and ring you by five.", 1_700_000_060),
    _turn(CUSTOMER, "Fine, but nobody rang me yesterday either.", 1_700_000_120),
]
REPLY = [conversation_pb2.ReplyTurn(text="You are right, we promised and did not ring. I refund the postage today.")]
SCORE = pb.ScoreReplyRequest(turns=TURNS, reply=REPLY, playbook="unified", locale="en-GB", include_sentences=True)
EVENTS = [
    pb.CoachConversationRequest(event_id="1", start=pb.CoachStart(turns=TURNS[:1])),
    pb.CoachConversationRequest(event_id="2", partial_turn=_turn(AGENT, "I am so")),
    pb.CoachConversationRequest(event_id="3", turn=TURNS[1]),
    pb.CoachConversationRequest(event_id="4", turn=TURNS[2]),
]
CALLS: dict[str, list[bytes]] = {
    "ScoreReply": [SCORE.SerializeToString()],
    "NextStep": [pb.NextStepRequest(turns=TURNS, max_steps=5).SerializeToString()],
    "ScoreConversation": [pb.ScoreConversationRequest(turns=TURNS).SerializeToString()],
    "BatchScoreReplies": [pb.BatchScoreRepliesRequest(requests=[SCORE, pb.ScoreReplyRequest()]).SerializeToString()],
    "CoachConversation": [event.SerializeToString() for event in EVENTS],
    "GetServerInfo": [b""],
    "ListPlaybooks": [b""],
    "GetPlaybook": [playbook_service_pb2.GetPlaybookRequest(name="unified").SerializeToString()],
}
ALIASES = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 30))
HOSTILE_YAML = {
    "aliases": ALIASES,
    "merge": "a: &a {x: 1}\nb: {<<: *a, <<: *a}\n",
    "deep": "[" * 5000,
    "tag": "!!python/object/apply:os.system ['true']\n",
    "digits": "version: " + "9" * 5000 + "\n",
    "documents": "a: 1\n---\nb: 2\n",
}


def _write(folder: str, name: str, data: bytes) -> None:
    (SEEDS / folder).mkdir(parents=True, exist_ok=True)
    (SEEDS / folder / name).write_bytes(data)


def main() -> None:
    """Writes them all."""
    for name, messages in CALLS.items():
        _write(f"bytes-{name}", "fine.bin", SEPARATOR.join(messages))
    for reader in ("playbook", "exemplars", "examples"):
        for name, text in HOSTILE_YAML.items():
            _write(f"file-{reader}", f"{name}.yaml", text.encode())
    shipped = (DATA_DIR / "playbooks" / "unified.yaml").read_bytes()
    _write("file-playbook", "fine.yaml", shipped)
    phrases = (
        b"schema: 1\nname: own\nversion: 1.0.0\nexemplars:\n  APOLOGIZE:\n    positive: [We are sorry for that.]\n"
    )
    _write("file-exemplars", "fine.yaml", phrases)
    _write(
        "file-examples",
        "own.yaml",
        b"schema: 1\nname: own\nversion: 1.0.0\nabout: x\npositive: [a b]\nnegative: [c d]\n",
    )
    manifest = (ROOT / "server/src/amends_core/models/amends-minilm-l6/manifest.json").read_bytes()
    _write("file-manifest", "shipped.json", manifest)
    _write("file-manifest", "deep.json", b"[" * 100_000)
    _write(
        "file-custom_step", "empty.json", b'{"format": 1, "normalisation": 1, "name": "own", "weights": [NaN, 1e999]}'
    )
    _write("file-custom_step", "deep.json", b'{"a":' * 50_000)
    _write("file-resume_token", "empty.bin", b"\x01" + bytes(16) + b"{}")


if __name__ == "__main__":
    main()
