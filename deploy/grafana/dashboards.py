"""The dashboards, as code: `python deploy/grafana/dashboards.py` writes their JSON anew.

Rates are over `$__rate_interval`, which Grafana fits to the zoom; recorded series have their window in their name.
"""

import json
import sys
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from panels import CHOSEN, Panel, build

_LOOKS = "amends_drift_observations_total"
_OURS = f'{CHOSEN}, grpc_service=~"amends[.]v1[.].+"'


def _rate(metric: str, by: str, matchers: str = CHOSEN) -> str:
    return f"sum by ({by}) (rate({metric}{{{matchers}}}[$__rate_interval]))"


def _ratio(part: str, whole: str, by: str = "job", only: str = "") -> str:
    """`only` are further matchers of the part."""
    return f"{_rate(part, by, CHOSEN + only)}\n/ {_rate(whole, by)}"


def _per(part: str, whole: str, by: str, only: str = "") -> str:
    """Each kind of the part, per one of the whole; `only` are further matchers of both."""
    chosen = CHOSEN + only
    return f"{_rate(part, by, chosen)}\n/ ignoring ({by}) group_left sum (rate({whole}{{{chosen}}}[$__rate_interval]))"


def _quantile(share: float, metric: str, by: str = "job") -> str:
    return f"histogram_quantile({share}, {_rate(metric + '_bucket', by + ', le')})"


def _recorded(name: str, by: str = "") -> str:
    return f"{name}{{{CHOSEN}}}" if not by else f"sum by ({by}) ({name}{{{CHOSEN}}})"


OVERVIEW = {
    "Objectives over 30 days": [
        Panel(
            "Availability",
            {"{{job}}": f"1 - {_recorded('amends:availability_errors:ratio_rate30d')}"},
            "percentunit",
            "stat",
            "Unary calls that ended without a fault of the service. The objective is 99.9 %.",
            0.999,
        ),
        Panel(
            "Within 50 ms",
            {"{{job}}": f"1 - {_recorded('amends:latency_errors:ratio_rate30d')}"},
            "percentunit",
            "stat",
            "ScoreReply and NextStep. The objective is 99 %.",
            0.99,
        ),
        Panel(
            "Budget left",
            {
                "availability": f"1 - {_recorded('amends:availability_errors:ratio_rate30d')} / 0.001",
                "latency": f"1 - {_recorded('amends:latency_errors:ratio_rate30d')} / 0.01",
            },
            "percentunit",
            "stat",
            "Under 0, the objective of these 30 days is missed.",
            0,
        ),
        Panel(
            "Replicas that serve",
            {"{{job}}": f"count by (job) (amends_model_info{{{CHOSEN}}})"},
            kind="stat",
            good=2,
        ),
    ],
    "Calls": [
        Panel("Rate", {"{{grpc_method}}": _recorded("amends:calls:rate5m_by_method", "grpc_method")}, "reqps"),
        Panel(
            "Faults",
            {"{{grpc_method}} {{grpc_code}}": _recorded("amends:faults:rate5m_by_method", "grpc_method, grpc_code")},
            "reqps",
            says="Calls that ended by a fault of the service, refusals for want of capacity among them.",
        ),
        Panel(
            "Slowest in a hundred",
            {"{{grpc_method}}": f"max by (grpc_method) ({_recorded('amends:handling_seconds:p99_5m_by_method')})"},
            "s",
        ),
        Panel("All ends", {"{{grpc_code}}": _rate("grpc_server_handled_total", "grpc_code", _OURS)}, "reqps"),
        Panel(
            "How fast the budgets burn",
            {
                "availability": f"{_recorded('amends:availability_errors:ratio_rate1h')} / 0.001",
                "latency": f"{_recorded('amends:latency_errors:ratio_rate1h')} / 0.01",
            },
            says="1 spends the budget in exactly 30 days; 14.4 pages.",
        ),
        Panel(
            "Handling time",
            {"{{le}}": _rate("grpc_server_handling_seconds_bucket", "le", f'{_OURS}, grpc_type="unary"')},
            "s",
            "heat",
        ),
    ],
    "Live conversations": [
        Panel("Open", {"{{job}}": _recorded("amends_live_conversations", "job")}),
        Panel("Events", {"{{event}} {{outcome}}": _rate("amends_live_events_total", "event, outcome")}, "reqps"),
        Panel(
            "Slowest event in a hundred",
            {"{{event}}": _quantile(0.99, "amends_live_event_seconds", "event")},
            "s",
            says="From arrival to answer, with the time in which an event waits for a newer one.",
        ),
        Panel(
            "Messages",
            {
                "received": _rate("grpc_server_msg_received_total", "job", f'{_OURS}, grpc_type!="unary"'),
                "sent": _rate("grpc_server_msg_sent_total", "job", f'{_OURS}, grpc_type!="unary"'),
            },
            "reqps",
        ),
    ],
    "What serves": [
        Panel(
            "Models and versions",
            {"": f"count by (namespace, job, name, version, sha256) (amends_model_info{{{CHOSEN}}})"},
            kind="table",
        ),
        Panel(
            "Days of the certificate",
            {"{{instance}}": f"(amends_tls_certificate_expiry_timestamp_seconds{{{CHOSEN}}} - time()) / 86400"},
            says="Until the first of the served chain ends; nothing without TLS.",
        ),
        Panel(
            "Seconds to load the model",
            {"{{instance}}": _recorded("amends_model_load_seconds", "instance")},
            "s",
        ),
    ],
}

MODEL = {
    "Judgements": [
        Panel("Mean score", {"{{playbook}}": _ratio("amends_score_sum", "amends_score_count", "playbook")}),
        Panel(
            "Verdicts",
            {"{{verdict}}": _per("amends_verdicts_total", "amends_verdicts_total", "verdict")},
            "percentunit",
            "shares",
            "UNSURE is a verdict too: what is said is too little, or too unlike what the model knows.",
        ),
        Panel(
            "Drift of the verdicts",
            {"{{job}}": _recorded("amends:verdicts:psi1d")},
            says="Population stability index of a day against the week before: under 0.1 steady, over 0.25 shifted.",
        ),
        Panel(
            "Drift from the reference",
            {"{{figure}} {{playbook}}": _recorded("amends:reference:psi1d")},
            says="Population stability index of a day against the model's reference: under 0.1 steady, over 0.25 not.",
        ),
        Panel(
            "Scores in the reference",
            {
                "{{bin}} reference": f'avg by (bin) (amends_reference_ratio{{{CHOSEN}, figure="score"}})',
                "{{bin}} here": _per(
                    "amends_drift_observations_total", "amends_drift_observations_total", "bin", ', figure="score"'
                ),
            },
            "percentunit",
            says="Share of each ten points, as expected and as it is.",
        ),
        Panel("Scores", {"{{le}}": _rate("amends_score_bucket", "le")}, kind="heat"),
        Panel("Confidence", {"{{le}}": _rate("amends_confidence_bucket", "le")}, kind="heat"),
        Panel(
            "Share of UNSURE",
            {
                "{{playbook}}": _ratio(
                    "amends_verdicts_total", "amends_verdicts_total", "playbook", ', verdict="UNSURE"'
                )
            },
            "percentunit",
        ),
        Panel(
            "Least confident tenth",
            {"{{playbook}}": _quantile(0.1, "amends_confidence", "playbook")},
            "percentunit",
        ),
        Panel(
            "Upset of customers",
            {"{{playbook}}": _ratio("amends_customer_upset_sum", "amends_customer_upset_count", "playbook")},
            "percentunit",
        ),
    ],
    "What replies do": [
        Panel(
            "Steps a judgement",
            {"{{step}}": _per("amends_steps_total", "amends_score_count", "step")},
        ),
        Panel(
            "Missteps a judgement",
            {"{{misstep}}": _per("amends_missteps_total", "amends_score_count", "misstep")},
        ),
        Panel("What became of live advice", {"{{fate}}": _rate("amends_advice_fates_total", "fate")}, "reqps"),
    ],
    "What the model reads": [
        Panel(
            "Languages",
            {"{{language}}": _recorded("amends:sentences:ratio_rate1h_by_language")},
            "percentunit",
            "shares",
            "A guess by sentence. The model reads English alone.",
        ),
        Panel(
            "Unknown tokens",
            {"{{job}}": _recorded("amends:unknown_tokens:ratio_rate1h")},
            "percentunit",
            says="Other scripts and languages show here.",
        ),
        Panel("Cut sentences", {"{{job}}": _recorded("amends:truncated_sentences:ratio_rate1h")}, "percentunit"),
        Panel(
            "Tokens a sentence",
            {
                "median": _quantile(0.5, "amends_sentence_tokens"),
                "95 %": _quantile(0.95, "amends_sentence_tokens"),
            },
        ),
        Panel(
            "Changed playbooks",
            {"{{outcome}}": _rate("amends_playbooks_reload_total", "outcome")},
        ),
        Panel(
            "Age of the playbooks",
            {"{{instance}}": f"time() - amends_playbooks_loaded_timestamp_seconds{{{CHOSEN}}}"},
            "s",
        ),
    ],
    "The candidate on trial": [
        Panel(
            "Agreement with the current model",
            {
                "{{what}} {{model_version}}": _recorded("amends:candidate_agreement:ratio1h"),
                "labels {{model_version}}": _recorded("amends:candidate_label_agreement:ratio1h"),
            },
            "percentunit",
            says="Of answers of both models over an hour: same verdict, same first step, labels that both found.",
        ),
        Panel(
            "Score, candidate less current",
            {
                "median {{model_version}}": _quantile(0.5, "amends_candidate_score_difference", "model_version"),
                "lowest tenth {{model_version}}": _quantile(0.1, "amends_candidate_score_difference", "model_version"),
                "highest tenth {{model_version}}": _quantile(0.9, "amends_candidate_score_difference", "model_version"),
            },
            kind="signed",
            says="Points, for the same reply. A median far from 0 moves every threshold that people set on scores.",
        ),
        Panel(
            "Labels on which they differ",
            {
                "{{label}}, {{found_by}} alone": (
                    "sum by (label, found_by) (increase("
                    f'amends_candidate_labels_total{{{CHOSEN}, found_by!="both"}}[$__rate_interval]))'
                )
            },
        ),
        Panel(
            "Who answers",
            {"{{by}} {{model_version}}": _rate("amends_candidate_answers_total", "by, model_version")},
            "reqps",
        ),
        Panel(
            "Mean score of the canaries",
            {
                "{{model_version}}": _ratio(
                    "amends_candidate_score_sum", "amends_candidate_score_count", "model_version"
                )
            },
            says="Beside Mean score above, which is the current model's.",
        ),
        Panel(
            "Verdicts of the canaries",
            {"{{verdict}}": _per("amends_candidate_verdicts_total", "amends_candidate_verdicts_total", "verdict")},
            "percentunit",
            "shares",
        ),
        Panel(
            "Compared and not",
            {
                "compared {{what}}": _rate("amends_candidate_comparisons_total", "what"),
                "skipped {{reason}}": _rate("amends_candidate_skipped_total", "reason"),
            },
            "reqps",
            says="Skipped where no thread was idle: the load of the service decides how many are compared.",
        ),
        Panel(
            "Wait of shadow work",
            {
                "one in ten": (
                    "histogram_quantile(0.9, "
                    + _rate("amends_queue_wait_seconds_bucket", "le", f'{CHOSEN}, priority="shadow"')
                    + ")"
                )
            },
            "s",
            says="It waits for idle threads, on purpose; from 30 s on a comparison is skipped.",
        ),
        Panel("Shares", {"{{use}}": f"max by (use) (amends_candidate_share{{{CHOSEN}}})"}, "percentunit"),
        Panel(
            "The candidate",
            {"": (f"count by (namespace, job, name, model_version, sha256) (amends_candidate_works{{{CHOSEN}}})")},
            kind="table",
        ),
    ],
}

CAPACITY = {
    "Callers": [
        Panel("Turned away", {"{{reason}}": _rate("amends_auth_failures_total", "reason")}, "reqps"),
        Panel("Over quota", {"{{tenant}} {{unit}}": _rate("amends_quota_refused_total", "tenant, unit")}, "reqps"),
        Panel(
            "Changed certificates, tokens and keys",
            {"{{what}} {{outcome}}": _rate("amends_identity_reload_total", "what, outcome")},
            "reqps",
        ),
        Panel("Lost audit lines", {"{{instance}}": _rate("amends_audit_lost_total", "instance")}, "reqps"),
    ],
    "The queue": [
        Panel(
            "Wait of one sentence in ten",
            {"{{instance}}": _recorded("amends:queue_wait_seconds:p90_2m")},
            "s",
            says="What the autoscaler looks at.",
        ),
        Panel("Sentences that wait", {"{{instance}}": _recorded("amends_queue_sentences", "instance")}),
        Panel(
            "Seconds of work that wait",
            {"{{instance}}": _recorded("amends_queue_work_seconds", "instance")},
            "s",
            says="By estimate, with all threads at work.",
        ),
        Panel("Admitted calls", {"{{priority}}": _rate("amends_admission_accepted_total", "priority")}, "reqps"),
        Panel("Refused calls", {"{{reason}}": _recorded("amends:admission_refused:rate5m", "reason")}, "reqps"),
        Panel("Dropped sentences", {"{{reason}}": _rate("amends_queue_dropped_total", "reason")}, "reqps"),
        Panel("Calls in flight", {"{{instance}}": _recorded("amends_calls_in_flight", "instance")}),
        Panel(
            "Sentences a call",
            {
                "median": _quantile(0.5, "amends_request_sentences"),
                "95 %": _quantile(0.95, "amends_request_sentences"),
            },
        ),
        Panel(
            "Tokens a call",
            {"median": _quantile(0.5, "amends_request_tokens"), "95 %": _quantile(0.95, "amends_request_tokens")},
        ),
    ],
    "The encoder": [
        Panel(
            "Busy threads",
            {"{{instance}}": _recorded("amends:encoder_threads:busy2m")},
            says="A replica is full when this reaches its cores.",
        ),
        Panel(
            "Busy share of the threads",
            {"{{instance}}": _recorded("amends:encoder_threads:busy_ratio2m")},
            "percentunit",
        ),
        Panel(
            "Measured to estimated cost",
            {"median": _quantile(0.5, "amends_cost_ratio"), "95 %": _quantile(0.95, "amends_cost_ratio")},
            says="1 where what was estimated at the door is what it took.",
        ),
        Panel("Sentences that failed", {"{{fault}}": _rate("amends_inference_errors_total", "fault")}, "reqps"),
        Panel("Tokens encoded", {"{{instance}}": _rate("amends_sentence_tokens_sum", "instance")}, "reqps"),
        Panel(
            "Seconds a sentence",
            {"median": _quantile(0.5, "amends_inference_seconds"), "99 %": _quantile(0.99, "amends_inference_seconds")},
            "s",
        ),
        Panel("Sentences encoded", {"{{instance}}": _rate("amends_inference_seconds_count", "instance")}, "reqps"),
        Panel(
            "Cache hits",
            {"{{job}}": _ratio("amends_cache_requests_total", "amends_cache_requests_total", "job", ', result="hit"')},
            "percentunit",
        ),
        Panel("Memory of the cache", {"{{instance}}": _recorded("amends_cache_bytes", "instance")}, "bytes"),
        Panel("Seconds to start", {"{{instance}}": _recorded("amends_start_seconds", "instance")}, "s"),
    ],
    "The process": [
        Panel("Cores used", {"{{instance}}": _rate("process_cpu_seconds_total", "instance")}),
        Panel("Resident memory", {"{{instance}}": _recorded("process_resident_memory_bytes", "instance")}, "bytes"),
        Panel(
            "Lag of the event loop",
            {"{{instance}}": _recorded("amends:event_loop_lag_seconds:p99_5m")},
            "s",
            says="Once in a hundred times the loop runs this late. Calls it has not seen yet are in no other panel.",
        ),
        Panel("Open files", {"{{instance}}": _recorded("process_open_fds", "instance")}),
        Panel("Collections", {"{{generation}}": _rate("python_gc_collections_total", "generation")}, "reqps"),
        Panel(
            "Age of the process",
            {"{{instance}}": f"time() - process_start_time_seconds{{{CHOSEN}}}"},
            "s",
        ),
    ],
}

BOARDS = {
    "overview": ("Amends: overview", OVERVIEW),
    "model": ("Amends: model health", MODEL),
    "capacity": ("Amends: capacity", CAPACITY),
}


def write(folder: Path) -> None:
    """Writes the JSON of every dashboard into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (title, rows) in BOARDS.items():
        text = json.dumps(build(title, f"amends-{name}", rows), cls=JSONEncoder, indent=1, sort_keys=True)
        (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("dashboards"))
