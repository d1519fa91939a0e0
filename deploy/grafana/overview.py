"""Are callers served, and as promised?"""

from panels import CHOSEN, Panel
from queries import quantile, rate, recorded

_OURS = f'{CHOSEN}, grpc_service=~"amends[.]v1[.].+"'

OVERVIEW = {
    "Objectives over 30 days": [
        Panel(
            "Availability",
            "Unary calls that ended without a fault of the service. The objective is 99.9 %.",
            {"{{job}}": f"1 - {recorded('amends:availability_errors:ratio_rate30d')}"},
            unit="percentunit",
            kind="stat",
            good=0.999,
        ),
        Panel(
            "Within 50 ms",
            "ScoreReply and NextStep. The objective is 99 %.",
            {"{{job}}": f"1 - {recorded('amends:latency_errors:ratio_rate30d')}"},
            unit="percentunit",
            kind="stat",
            good=0.99,
        ),
        Panel(
            "Budget left",
            "Under 0, the objective of these 30 days is missed.",
            {
                "availability": f"1 - {recorded('amends:availability_errors:ratio_rate30d')} / 0.001",
                "latency": f"1 - {recorded('amends:latency_errors:ratio_rate30d')} / 0.01",
            },
            unit="percentunit",
            kind="stat",
            good=0,
        ),
        Panel(
            "Replicas that serve",
            "Red below two: then a replica that goes takes the service with it.",
            {"{{job}}": f"count by (job) (amends_model_info{{{CHOSEN}}})"},
            kind="stat",
            good=2,
        ),
    ],
    "Calls": [
        Panel(
            "Rate",
            "Calls started, by method.",
            {"{{grpc_method}}": recorded("amends:calls:rate5m_by_method", "grpc_method")},
            unit="reqps",
        ),
        Panel(
            "Faults",
            "Calls that ended by a fault of the service, refusals for want of capacity among them.",
            {"{{grpc_method}} {{grpc_code}}": recorded("amends:faults:rate5m_by_method", "grpc_method, grpc_code")},
            unit="reqps",
        ),
        Panel(
            "Slowest in a hundred",
            "Seconds in the service, by method, without streams; live guidance may take 50 ms.",
            {"{{grpc_method}}": f"max by (grpc_method) ({recorded('amends:handling_seconds:p99_5m_by_method')})"},
            unit="s",
        ),
        Panel(
            "All ends",
            "Calls ended, by code: what callers did wrong and what they cancelled, too.",
            {"{{grpc_code}}": rate("grpc_server_handled_total", "grpc_code", _OURS)},
            unit="reqps",
        ),
        Panel(
            "How fast the budgets burn",
            "1 spends the budget in exactly 30 days; 14.4 pages.",
            {
                "availability": f"{recorded('amends:availability_errors:ratio_rate1h')} / 0.001",
                "latency": f"{recorded('amends:latency_errors:ratio_rate1h')} / 0.01",
            },
        ),
        Panel(
            "Handling time",
            "How many calls took how long: two bands are two kinds of calls, or a slow replica.",
            {"{{le}}": rate("grpc_server_handling_seconds_bucket", "le", f'{_OURS}, grpc_type="unary"')},
            unit="s",
            kind="heat",
        ),
    ],
    "Live conversations": [
        Panel(
            "Open",
            "Live conversations, over all replicas; each takes some 0.2 MB.",
            {"{{job}}": recorded("amends_live_conversations", "job")},
        ),
        Panel(
            "Events",
            "Starts and turns, read at once or passed over for a newer one.",
            {"{{event}} {{outcome}}": rate("amends_live_events_total", "event, outcome")},
            unit="reqps",
        ),
        Panel(
            "Slowest event in a hundred",
            "From arrival to answer, with the time in which an event waits for a newer one.",
            {"{{event}}": quantile(0.99, "amends_live_event_seconds", "event")},
            unit="s",
        ),
        Panel(
            "Messages",
            "Of streams, both ways; each event gets one answer.",
            {
                "received": rate("grpc_server_msg_received_total", "job", f'{_OURS}, grpc_type!="unary"'),
                "sent": rate("grpc_server_msg_sent_total", "job", f'{_OURS}, grpc_type!="unary"'),
            },
            unit="reqps",
        ),
    ],
    "What serves": [
        Panel(
            "Models and versions",
            "One line, except while a rollout runs.",
            {"": f"count by (namespace, job, name, version, sha256) (amends_model_info{{{CHOSEN}}})"},
            kind="table",
        ),
        Panel(
            "Days of the certificate",
            "Until the first of the served chain ends; nothing without TLS.",
            {"{{instance}}": f"(amends_tls_certificate_expiry_timestamp_seconds{{{CHOSEN}}} - time()) / 86400"},
        ),
        Panel(
            "Seconds to load the model",
            "Of a replica's start: the bundle is checked and its session made.",
            {"{{instance}}": recorded("amends_model_load_seconds", "instance")},
            unit="s",
        ),
    ],
}
