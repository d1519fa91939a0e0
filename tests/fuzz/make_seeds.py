"""Writes the seeds that start the fuzzing anew: `python make_seeds.py`. Seeds of past failures stay as they are."""

import json
from datetime import timedelta
from pathlib import Path

import jwt
from amends.v1 import conversation_pb2, playbook_service_pb2
from amends.v1 import empathy_service_pb2 as pb
from amends_core.playbooks.library import DATA_DIR
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID
from file_inputs import BETWEEN, MOMENT, SHA256
from fuzz_inputs import SEEDS, SEPARATOR
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

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
ASKED = [
    reflection_pb2.ServerReflectionRequest(list_services=""),
    reflection_pb2.ServerReflectionRequest(file_containing_symbol="amends.v1.EmpathyService.ScoreReply"),
    reflection_pb2.ServerReflectionRequest(file_by_filename="amends/v1/judgement.proto"),
    reflection_pb2.ServerReflectionRequest(all_extension_numbers_of_type="google.protobuf.FieldOptions"),
    reflection_pb2.ServerReflectionRequest(
        file_containing_extension=reflection_pb2.ExtensionRequest(
            containing_type="google.protobuf.FieldOptions", extension_number=1159
        )
    ),
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
    "Check": [health_pb2.HealthCheckRequest(service="liveness").SerializeToString()],
    "List": [b""],
    "Watch": [health_pb2.HealthCheckRequest(service="amends.v1.EmpathyService").SerializeToString()],
    "ServerReflectionInfo": [request.SerializeToString() for request in ASKED],
}
ALIASES = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 30))
HOSTILE_YAML = {
    "aliases": ALIASES,
    "merge": "a: &a {x: 1}\nb: {<<: *a, <<: *a}\n",
    "deep": "[" * 5000,
    "tag": "!!python/object/apply:os.system ['true']\n",
    "digits": "version: " + "9" * 5000 + "\n",
    "sixties": "version: 1" + ":59" * 400 + ".0\n",
    "day": "version: 2026-13-45\n",
    "documents": "a: 1\n---\nb: 2\n",
}


def _write(folder: str, name: str, data: bytes) -> None:
    (SEEDS / folder).mkdir(parents=True, exist_ok=True)
    (SEEDS / folder / name).write_bytes(data)


def _write_reference() -> None:
    shipped = json.loads((ROOT / "server/src/amends_core/models/amends-minilm-l6/reference.json").read_bytes())
    fine = {**shipped, "model_sha256": SHA256, "playbooks": {"unified": shipped["playbooks"]["unified"]}}
    _write("file-reference", "fine.json", json.dumps(fine).encode())
    _write("file-reference", "deep.json", b'{"format":' + b"[" * 100_000)


def _write_identity() -> None:
    token = f"  - {{id: '{'0' * 16}', sha256: '{'0' * 64}', tenant: acme, subject: desk"
    _write("file-tokens", "fine.yaml", f"tokens:\n{token}, expires: 2030-01-01 12:00:00+02:00}}\n".encode())
    _write("file-tokens", "day.yaml", f"tokens:\n{token}, expires: 2026-13-45}}\n".encode())
    _write("file-tokens", "deep.yaml", b"[" * 100_000)
    terms = "calls_per_s: 5\nsentences_burst: 7.5\nsentences_per_s: 3\nhighest_priority: bulk\nlive_conversations: 9\n"
    _write("file-terms", "fine.yaml", f"{terms}certificates: [desk.example]\n".encode())


def _write_keys() -> None:
    private = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))  # of zeros, and so no secret
    public = private.public_key()
    _write("file-model_key", "fine.pem", public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    others = {
        "RS256": rsa.RSAPublicNumbers(65537, 2**2047 + 1).public_key(),
        "ES256": ec.derive_private_key(1, ec.SECP256R1()).public_key(),
    }
    for name, key in {"EdDSA": public, **others}.items():
        raw = jwt.get_algorithm_by_name(name).to_jwk(key, as_dict=True)
        _write("file-jwks", f"fine-{name}.json", json.dumps({"keys": [{**raw, "use": "sig", "kid": name}]}).encode())
    _write("file-jwks", "deep.json", b'{"keys":' + b"[" * 100_000)
    _write("file-jwks", "none.json", b'{"keys": [{"kty": "RSA", "alg": "none"}]}')
    _write("file-jwks", "listed.json", b'{"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "", "kid": [], "use": []}]}')
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    builder = x509.CertificateBuilder(name, name, public, 1, MOMENT - timedelta(days=1), MOMENT + timedelta(days=1))
    chain = builder.sign(private, None).public_bytes(Encoding.PEM)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _write("file-certificates", "fine.pem", BETWEEN.join([pem, chain]))
    _write("file-certificates", "fine-authorities.pem", BETWEEN.join([pem, chain, chain]))


def main() -> None:
    """Writes them all."""
    for name, messages in CALLS.items():
        _write(f"bytes-{name}", "fine.bin", SEPARATOR.join(messages))
    for reader in ("playbook", "exemplars", "examples", "tokens", "terms"):
        for name, text in HOSTILE_YAML.items():
            _write(f"file-{reader}", f"{name}.yaml", text.encode())
    shipped = (DATA_DIR / "playbooks" / "unified.yaml").read_bytes()
    _write("file-playbook", "fine.yaml", shipped)
    phrases = b"schema: 1\nname: own\nversion: 1.0.0\nlabels:\n  APOLOGIZE:\n    positive: [We are sorry for that.]\n"
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
    _write_reference()
    _write_identity()
    _write_keys()


if __name__ == "__main__":
    main()
