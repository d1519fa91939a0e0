"""What the cases of the alerts are made of: series of one replica, by what they tell.

Values are in promtool's notation: `0+3x40` is 0, 3, 6 … in 41 samples, one every interval.
"""

from dataclasses import dataclass, field

Series = dict[str, str]

IDENTITY = 'namespace="prod", job="amends"'
ONE = f'{IDENTITY}, pod="a", instance="a:9464"'
EMPATHY = 'grpc_service="amends.v1.EmpathyService"'
ONE_LABELS = {"namespace": "prod", "job": "amends", "pod": "a", "instance": "a:9464"}
JOB_LABELS = {"namespace": "prod", "job": "amends"}


@dataclass(frozen=True)
class Case:
    """One alert, at one time after the first sample."""

    alert: str
    at: str
    fires: Series
    silent: Series
    labels: dict[str, str] = field(default_factory=lambda: dict(JOB_LABELS))
    window: str = ""
    """Which of the alerts of that name, where several windows have one each."""
    interval: str = "1m"


def calls(ok: str, refused: str, faults: str) -> Series:
    """As many calls that callers got wrong as good ones, and refusals, of which some are faults of the service."""
    call = f'{ONE}, grpc_type="unary", {EMPATHY}, grpc_method="ScoreReply"'
    return {
        f'grpc_server_handled_total{{{call}, grpc_code="OK"}}': ok,
        f'grpc_server_handled_total{{{call}, grpc_code="RESOURCE_EXHAUSTED"}}': refused,
        f'amends_call_faults_total{{{call}, grpc_code="RESOURCE_EXHAUSTED"}}': faults,
        f'grpc_server_handled_total{{{call}, grpc_code="INVALID_ARGUMENT"}}': ok,
    }


def over_quota(ok: str, refused: str) -> Series:
    """The same calls by their codes, refused by the quota of a tenant; and those of callers whom nobody knows."""
    call = f'{ONE}, grpc_type="unary", {EMPATHY}, grpc_method="ScoreReply"'
    return {
        **calls(ok, refused, "0x2400"),
        f'grpc_server_handled_total{{{call}, grpc_code="UNAUTHENTICATED"}}': refused,
        f'amends_quota_refused_total{{{ONE}, tenant="acme", unit="calls"}}': refused,
        f'amends_auth_failures_total{{{ONE}, reason="NO_TOKEN"}}': refused,
    }


def latency(within: str, all_calls: str) -> Series:
    call = f'{ONE}, grpc_type="unary", {EMPATHY}, grpc_method="NextStep"'
    return {
        f'grpc_server_handling_seconds_bucket{{{call}, le="0.05"}}': within,
        f"grpc_server_handling_seconds_count{{{call}}}": all_calls,
        f'grpc_server_handled_total{{{call}, grpc_code="OK"}}': all_calls,
    }


def buckets(name: str, below: str, count: str, le: str) -> Series:
    """A histogram of two buckets: up to `le`, and the rest."""
    return {
        f'{name}_bucket{{{ONE}, le="{le}"}}': below,
        f'{name}_bucket{{{ONE}, le="0.25"}}': count,
        f'{name}_bucket{{{ONE}, le="+Inf"}}': count,
        f"{name}_count{{{ONE}}}": count,
    }


def started(values: str) -> Series:
    return {f'grpc_server_started_total{{{ONE}, grpc_type="unary", {EMPATHY}, grpc_method="ScoreReply"}}': values}


def replaced(before: str, after: str) -> Series:
    """Calls of a replica, and of the one that came in its place."""
    call = f'grpc_type="unary", {EMPATHY}, grpc_method="ScoreReply"'
    old, new = f'{IDENTITY}, pod="a", instance="a:9464"', f'{IDENTITY}, pod="b", instance="b:9464"'
    return {f"grpc_server_started_total{{{old}, {call}}}": before, f"grpc_server_started_total{{{new}, {call}}}": after}


def info(*shas: str) -> Series:
    return {
        f'amends_model_info{{{IDENTITY}, pod="{pod}", instance="{pod}", name="m", version="1", sha256="{sha}"}}': "1x60"
        for pod, sha in enumerate(shas)
    }


def verdicts(good: str, bad: str) -> Series:
    return {
        f'amends_verdicts_total{{{ONE}, playbook="p", verdict="MAKES_AMENDS"}}': good,
        f'amends_verdicts_total{{{ONE}, playbook="p", verdict="FALLS_SHORT"}}': bad,
    }


def busy(seconds: str) -> Series:
    """Of two workers: a minute has 120 seconds of theirs."""
    return {f"amends_inference_seconds_sum{{{ONE}}}": seconds, f"amends_encoder_workers{{{ONE}}}": "2x60"}


def memory(serving: str, encoding: str, started: str = "0x900") -> Series:
    """Of a replica: its process's, and the workers'."""
    return {
        f"process_resident_memory_bytes{{{ONE}}}": serving,
        f"amends_worker_memory_bytes{{{ONE}}}": encoding,
        f"process_start_time_seconds{{{ONE}}}": started,
    }


def costs(below: str, le: str, count: str = "0+100x60") -> Series:
    """Ratios of measured to estimated seconds, up to `le` and above it."""
    name = "amends_cost_ratio"
    return {
        f'{name}_bucket{{{ONE}, le="0.1"}}': "0x60",
        f'{name}_bucket{{{ONE}, le="{le}"}}': below,
        f'{name}_bucket{{{ONE}, le="10.0"}}': count,
        f'{name}_bucket{{{ONE}, le="+Inf"}}': count,
        f"{name}_count{{{ONE}}}": count,
    }


def drift(good: str, bad: str) -> Series:
    """Two verdicts, of which the reference holds as many of one as of the other."""
    bins = {f'{ONE}, model_version="1", playbook="p", figure="verdict", bin="{name}"': name for name in ("GOOD", "BAD")}
    counted = {"GOOD": good, "BAD": bad}
    return {
        **{f"amends_drift_observations_total{{{labels}}}": counted[name] for labels, name in bins.items()},
        **{f"amends_reference_ratio{{{labels}}}": "0.5x200" for labels in bins},
    }


def unsure(unsure: str, rest: str) -> Series:
    verdicts = {"UNSURE": unsure, "PARTLY": rest}
    return {
        f'amends_verdicts_total{{{ONE}, playbook="p", verdict="{name}"}}': values for name, values in verdicts.items()
    }


def languages(english: str, other: str) -> Series:
    languages = {"en": english, "other": other}
    return {f'amends_sentences_total{{{ONE}, language="{name}"}}': values for name, values in languages.items()}


def expiry(at: object) -> Series:
    return {f"amends_tls_certificate_expiry_timestamp_seconds{{{ONE}}}": f"{at} " * 150}


def reload(what: str, *, refused: str, loaded: str) -> Series:
    return {
        f'amends_identity_reload_total{{{ONE}, what="{what}", outcome="refused"}}': refused,
        f'amends_identity_reload_total{{{ONE}, what="{what}", outcome="loaded"}}': loaded,
    }


def refused_by_quota(calls: str, sentences: str) -> Series:
    units = {"calls": calls, "sentences": sentences}
    return {
        f'amends_quota_refused_total{{{ONE}, tenant="acme", unit="{unit}"}}': values for unit, values in units.items()
    }


def candidate(same: str, other: str) -> Series:
    compared = f'{ONE}, model_version="2", what="verdict"'
    return {
        f'amends_candidate_comparisons_total{{{compared}, outcome="same"}}': same,
        f'amends_candidate_comparisons_total{{{compared}, outcome="other"}}': other,
    }
