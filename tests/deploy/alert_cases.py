"""Series that fire each alert, and series that stay just below it.

Values are in promtool's notation: `0+3x40` is 0, 3, 6 … in 41 samples, one every interval.
"""

from dataclasses import dataclass, field

Series = dict[str, str]

IDENTITY = 'namespace="prod", job="amends"'
ONE = f'{IDENTITY}, pod="a", instance="a:9464"'
_EMPATHY = 'grpc_service="amends.v1.EmpathyService"'
_ONE_LABELS = {"namespace": "prod", "job": "amends", "pod": "a", "instance": "a:9464"}
_JOB_LABELS = {"namespace": "prod", "job": "amends"}


@dataclass(frozen=True)
class Case:
    """One alert, at one time after the first sample."""

    alert: str
    at: str
    fires: Series
    silent: Series
    labels: dict[str, str] = field(default_factory=lambda: dict(_JOB_LABELS))
    window: str = ""
    """Which of the alerts of that name, where several windows have one each."""
    interval: str = "1m"


def _calls(ok: str, failed: str) -> Series:
    call = f'{ONE}, grpc_type="unary", {_EMPATHY}, grpc_method="ScoreReply"'
    return {
        f'grpc_server_handled_total{{{call}, grpc_code="OK"}}': ok,
        f'grpc_server_handled_total{{{call}, grpc_code="INTERNAL"}}': failed,
        # What a caller did wrong is no fault of the service.
        f'grpc_server_handled_total{{{call}, grpc_code="INVALID_ARGUMENT"}}': ok,
    }


def _latency(within: str, all_calls: str) -> Series:
    call = f'{ONE}, grpc_type="unary", {_EMPATHY}, grpc_method="NextStep"'
    return {
        f'grpc_server_handling_seconds_bucket{{{call}, le="0.05"}}': within,
        f"grpc_server_handling_seconds_count{{{call}}}": all_calls,
        f'grpc_server_handled_total{{{call}, grpc_code="OK"}}': all_calls,
    }


_WINDOWS = (("1h", "90m", 14.4, "1m"), ("6h", "7h", 6.0, "1m"), ("1d", "26h", 3.0, "2m"), ("3d", "76h", 1.0, "2m"))
"""Long window, time of the look, burn rate, interval of samples."""


def _burn(window: str, at: str, rate: float, interval: str) -> tuple[Case, Case]:
    """Both objectives, at 1.02 times and at 0.98 times the burn rate."""
    calls = 1_000_000
    over, under = round(calls * rate * 0.001 * 1.02), round(calls * rate * 0.001 * 0.98)
    slow_over, slow_under = round(calls * rate * 0.01 * 1.02), round(calls * rate * 0.01 * 0.98)
    availability = Case(
        "AmendsAvailabilityBudgetBurn",
        at,
        # Half of the calls are the caller's mistakes.
        _calls(f"0+{(calls - over) // 2}x2400", f"0+{over}x2400"),
        _calls(f"0+{(calls - under) // 2}x2400", f"0+{under}x2400"),
        window=window,
        interval=interval,
    )
    latency = Case(
        "AmendsLatencyBudgetBurn",
        at,
        _latency(f"0+{calls - slow_over}x2400", f"0+{calls}x2400"),
        _latency(f"0+{calls - slow_under}x2400", f"0+{calls}x2400"),
        window=window,
        interval=interval,
    )
    return availability, latency


def _buckets(name: str, below: str, count: str, le: str) -> Series:
    """A histogram of two buckets: up to `le`, and the rest."""
    return {
        f'{name}_bucket{{{ONE}, le="{le}"}}': below,
        f'{name}_bucket{{{ONE}, le="0.25"}}': count,
        f'{name}_bucket{{{ONE}, le="+Inf"}}': count,
        f"{name}_count{{{ONE}}}": count,
    }


def _started(values: str) -> Series:
    return {f'grpc_server_started_total{{{ONE}, grpc_type="unary", {_EMPATHY}, grpc_method="ScoreReply"}}': values}


def _info(*shas: str) -> Series:
    return {
        f'amends_model_info{{{IDENTITY}, pod="{pod}", instance="{pod}", name="m", version="1", sha256="{sha}"}}': "1x60"
        for pod, sha in enumerate(shas)
    }


def _verdicts(good: str, bad: str) -> Series:
    return {
        f'amends_verdicts_total{{{ONE}, playbook="p", verdict="MAKES_AMENDS"}}': good,
        f'amends_verdicts_total{{{ONE}, playbook="p", verdict="FALLS_SHORT"}}': bad,
    }


def _candidate(same: str, other: str) -> Series:
    compared = f'{ONE}, model_version="2", what="verdict"'
    return {
        f'amends_candidate_comparisons_total{{{compared}, outcome="same"}}': same,
        f'amends_candidate_comparisons_total{{{compared}, outcome="other"}}': other,
    }


_UNAVAILABLE = f'{ONE}, grpc_type="unary", {_EMPATHY}, grpc_method="ScoreReply", grpc_code="UNAVAILABLE"'
_UP = f'up{{{IDENTITY}, pod="%s", instance="%s:9464"}}'

CASES: list[Case] = [
    *(case for window in _WINDOWS for case in _burn(*window)),
    Case("AmendsAbsent", "10m", {_UP % ("a", "a"): "0x20"}, {_UP % ("a", "a"): "0 1x20"}, {}),
    Case(
        "AmendsReplicaDown",
        "15m",
        {_UP % ("a", "a"): "0x20", _UP % ("b", "b"): "1x20"},
        {_UP % ("a", "a"): "0x6 1 0x20", _UP % ("b", "b"): "1x20"},
        _ONE_LABELS,
    ),
    Case(
        "AmendsRestarts",
        "60m",
        {f"process_start_time_seconds{{{ONE}}}": "1x9 2x9 3x9 4x9 5x30"},
        {f"process_start_time_seconds{{{ONE}}}": "1x9 2x9 3x9 4x40"},
        _ONE_LABELS,
    ),
    Case("AmendsNoTraffic", "100m", _started("0+60x70 4200x60"), _started("0+60x85 5100x60")),
    Case(
        "AmendsQueueWait",
        "20m",
        _buckets("amends_queue_wait_seconds", "0+89x30", "0+100x30", "0.1"),
        _buckets("amends_queue_wait_seconds", "0+91x30", "0+100x30", "0.1"),
        _ONE_LABELS,
    ),
    Case(
        "AmendsRefuses",
        "15m",
        {**_started("0+1000x30"), f'amends_admission_refused_total{{{ONE}, reason="deadline"}}': "0+11x30"},
        {**_started("0+1000x30"), f'amends_admission_refused_total{{{ONE}, reason="deadline"}}': "0+9x30"},
    ),
    Case(
        "AmendsEventLoopLag",
        "20m",
        _buckets("amends_event_loop_lag_seconds", "0+1180x30", "0+1200x30", "0.1"),
        _buckets("amends_event_loop_lag_seconds", "0+1190x30", "0+1200x30", "0.1"),
        _ONE_LABELS,
    ),
    Case(
        "AmendsMemoryGrows",
        "14h",
        {f"process_resident_memory_bytes{{{ONE}}}": "1000+2x900", f"process_start_time_seconds{{{ONE}}}": "0x900"},
        {f"process_resident_memory_bytes{{{ONE}}}": "1300+2x900", f"process_start_time_seconds{{{ONE}}}": "0x900"},
        _ONE_LABELS,
    ),
    Case(
        "AmendsFileDescriptors",
        "10m",
        {f"process_open_fds{{{ONE}}}": "81x20", f"process_max_fds{{{ONE}}}": "100x20"},
        {f"process_open_fds{{{ONE}}}": "80x20", f"process_max_fds{{{ONE}}}": "100x20"},
        _ONE_LABELS,
    ),
    Case(
        "AmendsEncoderFails",
        "15m",
        {
            f"grpc_server_handled_total{{{_UNAVAILABLE}}}": "0+60x30",
            f"amends_inference_seconds_count{{{ONE}}}": "500x30",
        },
        {
            f"grpc_server_handled_total{{{_UNAVAILABLE}}}": "0+60x30",
            f"amends_inference_seconds_count{{{ONE}}}": "0+1x30",
        },
        _ONE_LABELS,
    ),
    Case(
        "AmendsEncoderStalls",
        "15m",
        {f"amends_queue_sentences{{{ONE}}}": "7x30", f"amends_inference_seconds_count{{{ONE}}}": "500x30"},
        {f"amends_queue_sentences{{{ONE}}}": "7x30", f"amends_inference_seconds_count{{{ONE}}}": "0+1x30"},
        _ONE_LABELS,
    ),
    Case("AmendsModelMismatch", "40m", _info("x", "x", "y"), _info("x", "x", "x")),
    Case(
        "AmendsPlaybooksRefused",
        "20m",
        {f'amends_playbooks_reload_total{{{ONE}, outcome="refused"}}': "0x10 1x20"},
        {
            f'amends_playbooks_reload_total{{{ONE}, outcome="refused"}}': "0x30",
            f'amends_playbooks_reload_total{{{ONE}, outcome="loaded"}}': "0x10 1x20",
        },
        {**_ONE_LABELS, "outcome": "refused"},
    ),
    # A week of 60 to 40, then a day of 33 to 67: an index of .28; of 35 to 65: .24.
    Case(
        "AmendsVerdictDrift",
        "197h",
        _verdicts("0+60x1001 60060+33x200", "0+40x1001 40040+67x200"),
        _verdicts("0+60x1001 60060+35x200", "0+40x1001 40040+65x200"),
        interval="10m",
    ),
    # A new installation has no week to be compared with.
    Case(
        "AmendsVerdictDrift",
        "197h",
        _verdicts("0+60x1001 60060+33x200", "0+40x1001 40040+67x200"),
        _verdicts("_x1001 0+33x200", "_x1001 0+67x200"),
        interval="10m",
    ),
    Case(
        "AmendsUnknownTokens",
        "4h",
        {f"amends_unknown_tokens_total{{{ONE}}}": "0+21x300", f"amends_sentence_tokens_sum{{{ONE}}}": "0+1000x300"},
        {f"amends_unknown_tokens_total{{{ONE}}}": "0+19x300", f"amends_sentence_tokens_sum{{{ONE}}}": "0+1000x300"},
    ),
    Case(
        "AmendsCandidateDisagrees",
        "2h",
        _candidate("0+89x200", "0+11x200"),
        _candidate("0+91x200", "0+9x200"),
        {**_JOB_LABELS, "model_version": "2", "what": "verdict"},
    ),
    # A handful of comparisons says nothing.
    Case(
        "AmendsCandidateDisagrees",
        "2h",
        _candidate("0x200", "0+4x200"),
        _candidate("0x200", "0+3x200"),
        {**_JOB_LABELS, "model_version": "2", "what": "verdict"},
    ),
    Case(
        "AmendsCandidateFails",
        "10m",
        {f'amends_candidate_works{{{ONE}, name="m", model_version="2", sha256="y"}}': "1x5 0x20"},
        {f'amends_candidate_works{{{ONE}, name="m", model_version="2", sha256="y"}}': "1x30"},
        {**_ONE_LABELS, "name": "m", "model_version": "2", "sha256": "y"},
    ),
    Case(
        "AmendsTruncatedSentences",
        "4h",
        {
            f"amends_truncated_sentences_total{{{ONE}}}": "0+51x300",
            f"amends_sentence_tokens_count{{{ONE}}}": "0+1000x300",
        },
        {
            f"amends_truncated_sentences_total{{{ONE}}}": "0+49x300",
            f"amends_sentence_tokens_count{{{ONE}}}": "0+1000x300",
        },
    ),
]
