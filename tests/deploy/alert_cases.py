"""Series that fire each alert, and series that stay just below it.

Values are in promtool's notation: `0+3x40` is 0, 3, 6 … in 41 samples, one every interval.
"""

import alert_series as series
from alert_series import EMPATHY, IDENTITY, JOB_LABELS, ONE, ONE_LABELS, Case
from burn_cases import BURN_CASES

_DRIFTED = {**JOB_LABELS, "model_version": "1", "playbook": "p", "figure": "verdict"}
_UNAVAILABLE = f'{ONE}, grpc_type="unary", {EMPATHY}, grpc_method="ScoreReply", grpc_code="UNAVAILABLE"'
_UP = f'up{{{IDENTITY}, pod="%s", instance="%s:9464"}}'

CASES: list[Case] = [
    *BURN_CASES,
    Case("AmendsAbsent", "10m", {_UP % ("a", "a"): "0x20"}, {_UP % ("a", "a"): "0 1x20"}, {}),
    Case(
        "AmendsReplicaDown",
        "15m",
        {_UP % ("a", "a"): "0x20", _UP % ("b", "b"): "1x20"},
        {_UP % ("a", "a"): "0x6 1 0x20", _UP % ("b", "b"): "1x20"},
        ONE_LABELS,
    ),
    Case(
        "AmendsRestarts",
        "60m",
        {f"process_start_time_seconds{{{ONE}}}": "1x9 2x9 3x9 4x9 5x30"},
        {f"process_start_time_seconds{{{ONE}}}": "1x9 2x9 3x9 4x40"},
        ONE_LABELS,
    ),
    Case("AmendsNoTraffic", "100m", series.started("0+60x70 4200x60"), series.started("0+60x85 5100x60")),
    # A release cut callers off: its replicas count from 0, and those before it are gone.
    Case(
        "AmendsNoTraffic",
        "100m",
        series.replaced("0+60x70", "_x71 0x60"),
        series.replaced("0+60x70", "_x71 0x18 1x40"),
    ),
    Case(
        "AmendsQueueWait",
        "20m",
        series.buckets("amends_queue_wait_seconds", "0+89x30", "0+100x30", "0.1"),
        series.buckets("amends_queue_wait_seconds", "0+91x30", "0+100x30", "0.1"),
        ONE_LABELS,
    ),
    Case(
        "AmendsRefuses",
        "15m",
        {
            **series.started("0+1000x30"),
            f'amends_admission_refused_total{{{ONE}, priority="live", reason="deadline"}}': "0+11x30",
        },
        {
            **series.started("0+1000x30"),
            f'amends_admission_refused_total{{{ONE}, priority="live", reason="deadline"}}': "0+9x30",
        },
    ),
    Case("AmendsEncoderBusy", "30m", series.busy("0+109x60"), series.busy("0+107x60"), ONE_LABELS),
    Case("AmendsCostsMisjudged", "40m", series.costs("0+49x60", "2.0"), series.costs("0+51x60", "2.0"), ONE_LABELS),
    Case("AmendsCostsMisjudged", "40m", series.costs("0+51x60", "0.5"), series.costs("0+49x60", "0.5"), ONE_LABELS),
    # Of a sentence a minute the median says nothing.
    Case(
        "AmendsCostsMisjudged",
        "40m",
        series.costs("0+49x60", "2.0"),
        series.costs("0+0.1x60", "2.0", "0+1x60"),
        ONE_LABELS,
    ),
    Case(
        "AmendsEventLoopLag",
        "20m",
        series.buckets("amends_event_loop_lag_seconds", "0+1180x30", "0+1200x30", "0.1"),
        series.buckets("amends_event_loop_lag_seconds", "0+1190x30", "0+1200x30", "0.1"),
        ONE_LABELS,
    ),
    Case(
        "AmendsMemoryGrows",
        "14h",
        series.memory("700x900", "300+2x900"),
        series.memory("700x900", "600+2x900"),
        ONE_LABELS,
    ),
    # Over an hour ago it was 12 hours old; or under one.
    Case(
        "AmendsMemoryGrows",
        "14h",
        series.memory("700x900", "300+2x900", "3240x900"),
        series.memory("700x900", "300+2x900", "3960x900"),
        ONE_LABELS,
    ),
    Case(
        "AmendsFileDescriptors",
        "10m",
        {f"process_open_fds{{{ONE}}}": "81x20", f"process_max_fds{{{ONE}}}": "100x20"},
        {f"process_open_fds{{{ONE}}}": "80x20", f"process_max_fds{{{ONE}}}": "100x20"},
        ONE_LABELS,
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
        ONE_LABELS,
    ),
    Case(
        "AmendsSentencesFail",
        "20m",
        {f'amends_inference_errors_total{{{ONE}, fault="sentence"}}': "0x10 1x20"},
        {f'amends_inference_errors_total{{{ONE}, fault="sentence"}}': "1x30"},
        ONE_LABELS,
    ),
    Case(
        "AmendsEncoderStalls",
        "15m",
        {f"amends_queue_sentences{{{ONE}}}": "7x30", f"amends_inference_seconds_count{{{ONE}}}": "500x30"},
        {f"amends_queue_sentences{{{ONE}}}": "7x30", f"amends_inference_seconds_count{{{ONE}}}": "0+1x30"},
        ONE_LABELS,
    ),
    Case("AmendsModelMismatch", "40m", series.info("x", "x", "y"), series.info("x", "x", "x")),
    Case(
        "AmendsPlaybooksRefused",
        "20m",
        {f'amends_playbooks_reload_total{{{ONE}, outcome="refused"}}': "0x10 1x20"},
        {
            f'amends_playbooks_reload_total{{{ONE}, outcome="refused"}}': "0x30",
            f'amends_playbooks_reload_total{{{ONE}, outcome="loaded"}}': "0x10 1x20",
        },
        {**ONE_LABELS, "outcome": "refused"},
    ),
    # A week of 60 to 40, then a day of 33 to 67: an index of .28; of 35 to 65: .24.
    Case(
        "AmendsVerdictDrift",
        "197h",
        series.verdicts("0+60x1001 60060+33x200", "0+40x1001 40040+67x200"),
        series.verdicts("0+60x1001 60060+35x200", "0+40x1001 40040+65x200"),
        interval="10m",
    ),
    # A new installation has no week to be compared with.
    Case(
        "AmendsVerdictDrift",
        "197h",
        series.verdicts("0+60x1001 60060+33x200", "0+40x1001 40040+67x200"),
        series.verdicts("_x1001 0+33x200", "_x1001 0+67x200"),
        interval="10m",
    ),
    # Halves in the reference: 75 to 25 is an index of .275, 74 to 26 of .251, 73 to 27 of .229.
    Case(
        "AmendsReferenceDrift",
        "31h",
        series.drift("0+75x200", "0+25x200"),
        series.drift("0+73x200", "0+27x200"),
        _DRIFTED,
        interval="10m",
    ),
    # A hundred judgements a day say too little.
    Case(
        "AmendsReferenceDrift",
        "31h",
        series.drift("0+75x200", "0+25x200"),
        series.drift("0+.75x200", "0+.25x200"),
        _DRIFTED,
        interval="10m",
    ),
    # A bin that never came counts as 0.1 %.
    Case(
        "AmendsReferenceDrift",
        "31h",
        series.drift("0+9x200", "0x200"),
        series.drift("0+9x200", "0+9x200"),
        _DRIFTED,
        interval="10m",
    ),
    Case(
        "AmendsUnsure",
        "4h",
        series.unsure("0+21x300", "0+79x300"),
        series.unsure("0+19x300", "0+81x300"),
        {**JOB_LABELS, "playbook": "p"},
    ),
    Case(
        "AmendsOtherLanguage",
        "4h",
        series.languages("0+90x300", "0+11x300"),
        series.languages("0+91x300", "0+9x300"),
        {**JOB_LABELS, "language": "other"},
    ),
    *(
        Case(
            "AmendsIdentityRefused",
            "20m",
            series.reload(what, refused="0x10 1x20", loaded="0x30"),
            # What was refused an hour ago is told no more, and what was taken in is no trouble.
            series.reload(what, refused="1x30", loaded="0x10 1x20"),
            {**ONE_LABELS, "what": what, "outcome": "refused"},
        )
        for what in ("certificates", "tokens", "keys")
    ),
    # A minute has 1.8 refusals at 0.03 a second, of all units together.
    Case(
        "AmendsOverQuota",
        "50m",
        series.refused_by_quota("0+0.95x60", "0+0.95x60"),
        series.refused_by_quota("0+0.85x60", "0+0.85x60"),
        {**JOB_LABELS, "tenant": "acme"},
    ),
    # Half an hour, not less: a burst is nobody's ticket.
    Case(
        "AmendsOverQuota",
        "50m",
        series.refused_by_quota("0+9x60", "0x60"),
        series.refused_by_quota("0x20 9+9x12 117x40", "0x60"),
        {**JOB_LABELS, "tenant": "acme"},
    ),
    Case(
        "AmendsAuditLost",
        "20m",
        {f"amends_audit_lost_total{{{ONE}}}": "0x10 1x20"},
        # What was lost an hour ago is told no more.
        {f"amends_audit_lost_total{{{ONE}}}": "1x30"},
        ONE_LABELS,
    ),
    Case(
        "AmendsCertificateEndsSoon",
        "2h",
        series.expiry(14 * 86400 + 3500),
        series.expiry(14 * 86400 + 3700),
        ONE_LABELS,
    ),
    # Without TLS there is none that could end.
    Case("AmendsCertificateEndsSoon", "2h", series.expiry(14 * 86400 + 3000), series.expiry("NaN"), ONE_LABELS),
    Case("AmendsCertificateEnds", "1h", series.expiry(2 * 86400 + 2600), series.expiry(2 * 86400 + 2800), ONE_LABELS),
    Case(
        "AmendsUnknownTokens",
        "4h",
        {f"amends_unknown_tokens_total{{{ONE}}}": "0+21x300", f"amends_sentence_tokens_sum{{{ONE}}}": "0+1000x300"},
        {f"amends_unknown_tokens_total{{{ONE}}}": "0+19x300", f"amends_sentence_tokens_sum{{{ONE}}}": "0+1000x300"},
    ),
    Case(
        "AmendsCandidateDisagrees",
        "2h",
        series.candidate("0+89x200", "0+11x200"),
        series.candidate("0+91x200", "0+9x200"),
        {**JOB_LABELS, "model_version": "2", "what": "verdict"},
    ),
    # A handful of comparisons says nothing.
    Case(
        "AmendsCandidateDisagrees",
        "2h",
        series.candidate("0x200", "0+4x200"),
        series.candidate("0x200", "0+3x200"),
        {**JOB_LABELS, "model_version": "2", "what": "verdict"},
    ),
    Case(
        "AmendsCandidateFails",
        "10m",
        {f'amends_candidate_works{{{ONE}, name="m", model_version="2", sha256="y"}}': "1x5 0x20"},
        {f'amends_candidate_works{{{ONE}, name="m", model_version="2", sha256="y"}}': "1x30"},
        {**ONE_LABELS, "name": "m", "model_version": "2", "sha256": "y"},
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
