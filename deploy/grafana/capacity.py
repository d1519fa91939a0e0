"""Who is refused and why, and what is left: queue, encoder, process."""

from panels import CHOSEN, Panel
from queries import quantile, rate, ratio, recorded

CAPACITY = {
    "Callers": [
        Panel(
            "Turned away",
            "Callers whom nobody knows, by reason: no fault of the service, and in no budget.",
            {"{{reason}}": rate("amends_auth_failures_total", "reason")},
            unit="reqps",
        ),
        Panel(
            "Over quota",
            "Refused by a tenant's terms, calls or what they hold: no fault of the service, and in no budget.",
            {"{{tenant}} {{unit}}": rate("amends_quota_refused_total", "tenant, unit")},
            unit="reqps",
        ),
        Panel(
            "Changed certificates, tokens and keys",
            "What came of changed files; refused ones are ignored, and the last good ones serve on.",
            {"{{what}} {{outcome}}": rate("amends_identity_reload_total", "what, outcome")},
            unit="reqps",
        ),
        Panel(
            "Lost audit lines",
            "Above 0 the audit log has gaps: the disk was full.",
            {"{{instance}}": rate("amends_audit_lost_total", "instance")},
            unit="reqps",
        ),
    ],
    "The queue": [
        Panel(
            "Wait of one sentence in ten",
            "What the autoscaler looks at.",
            {"{{instance}}": recorded("amends:queue_wait_seconds:p90_2m")},
            unit="s",
        ),
        Panel(
            "Sentences that wait",
            "For a thread, in each replica.",
            {"{{instance}}": recorded("amends_queue_sentences", "instance")},
        ),
        Panel(
            "Seconds of work that wait",
            "By estimate, with all workers at work.",
            {"{{instance}}": recorded("amends_queue_work_seconds", "instance")},
            unit="s",
        ),
        Panel(
            "Admitted calls",
            "Calls and items of batches let into the queue, by class.",
            {"{{priority}}": rate("amends_admission_accepted_total", "priority")},
            unit="reqps",
        ),
        Panel(
            "Refused calls",
            "For want of capacity, by the limit that they met; each is a fault of the service.",
            {"{{reason}}": recorded("amends:admission_refused:rate5m", "reason")},
            unit="reqps",
        ),
        Panel(
            "Dropped sentences",
            "Not encoded: the deadline passed while they waited, or the caller left.",
            {"{{reason}}": rate("amends_queue_dropped_total", "reason")},
            unit="reqps",
        ),
        Panel(
            "Calls in flight",
            "Calls and streams that are open, in each replica.",
            {"{{instance}}": recorded("amends_calls_in_flight", "instance")},
        ),
        Panel(
            "Sentences a call",
            "What a call asks to be read; long ones belong in batches.",
            {
                "median": quantile(0.5, "amends_request_sentences"),
                "95 %": quantile(0.95, "amends_request_sentences"),
            },
        ),
        Panel(
            "Tokens a call",
            "The same in tokens, which is what encoding costs, with those that the cache has.",
            {"median": quantile(0.5, "amends_request_tokens"), "95 %": quantile(0.95, "amends_request_tokens")},
        ),
    ],
    "The encoder": [
        Panel(
            "Busy workers",
            "A replica is full when this reaches its cores.",
            {"{{instance}}": recorded("amends:encoder_workers:busy2m")},
        ),
        Panel(
            "Busy share of the workers",
            "Of the workers that encode; over 90 % there is no room left.",
            {"{{instance}}": recorded("amends:encoder_workers:busy_ratio2m")},
            unit="percentunit",
        ),
        Panel(
            "Measured to estimated cost",
            "1 where what was estimated at the door is what it took.",
            {"median": quantile(0.5, "amends_cost_ratio"), "95 %": quantile(0.95, "amends_cost_ratio")},
        ),
        Panel(
            "Sentences that failed",
            "The encoder raised: by the sentence's fault the call fails, by its own the replica ends.",
            {"{{fault}}": rate("amends_inference_errors_total", "fault")},
            unit="reqps",
        ),
        Panel(
            "Tokens encoded",
            "A second, in each replica.",
            {"{{instance}}": rate("amends_sentence_tokens_sum", "instance")},
            unit="reqps",
        ),
        Panel(
            "Seconds a sentence",
            "In the encoder alone; grows with throttled cores and noisy neighbours.",
            {"median": quantile(0.5, "amends_inference_seconds"), "99 %": quantile(0.99, "amends_inference_seconds")},
            unit="s",
        ),
        Panel(
            "Sentences encoded",
            "A second, in each replica.",
            {"{{instance}}": rate("amends_inference_seconds_count", "instance")},
            unit="reqps",
        ),
        Panel(
            "Cache hits",
            "Share of sentences that were encoded before.",
            {"{{job}}": ratio("amends_cache_requests_total", "amends_cache_requests_total", "job", ', result="hit"')},
            unit="percentunit",
        ),
        Panel(
            "Memory of the cache",
            "Up to cache_mb, once more for a candidate.",
            {"{{instance}}": recorded("amends_cache_bytes", "instance")},
            unit="bytes",
        ),
        Panel(
            "Seconds to start",
            "From the loaded model to SERVING.",
            {"{{instance}}": recorded("amends_start_seconds", "instance")},
            unit="s",
        ),
    ],
    "The process": [
        Panel(
            "Cores used",
            "At the limit of the replica, everything waits, the event loop too.",
            {
                "{{instance}}, calls": rate("process_cpu_seconds_total", "instance"),
                "{{instance}}, encoding": rate("amends_worker_cpu_seconds_total", "instance"),
            },
        ),
        Panel(
            "Resident memory",
            "Grows until the caches are full, and then no more.",
            {
                "{{instance}}, calls": recorded("process_resident_memory_bytes", "instance"),
                "{{instance}}, encoding": recorded("amends_worker_memory_bytes", "instance"),
            },
            unit="bytes",
        ),
        Panel(
            "Lag of the event loop",
            "Once in a hundred times the loop runs this late. Calls it has not seen yet are in no other panel.",
            {"{{instance}}": recorded("amends:event_loop_lag_seconds:p99_5m")},
            unit="s",
        ),
        Panel(
            "Open files",
            "Nearly all are connections.",
            {"{{instance}}": recorded("process_open_fds", "instance")},
        ),
        Panel(
            "Collections",
            "Of Python's garbage collector, by generation; the oldest stop everything for longest.",
            {"{{generation}}": rate("python_gc_collections_total", "generation")},
            unit="reqps",
        ),
        Panel(
            "Age of the process",
            "A saw tells of restarts.",
            {"{{instance}}": f"time() - process_start_time_seconds{{{CHOSEN}}}"},
            unit="s",
        ),
    ],
}
