"""What the model says, what it reads, and how a candidate differs."""

from panels import CHOSEN, Panel
from queries import per, quantile, rate, ratio, recorded

MODEL = {
    "Judgements": [
        Panel(
            "Mean score",
            "By playbook; a step at a release says that scores have moved, not that agents have.",
            {"{{playbook}}": ratio("amends_score_sum", "amends_score_count", "playbook")},
        ),
        Panel(
            "Verdicts",
            "UNSURE is a verdict too: what is said is too little, or too unlike what the model knows.",
            {"{{verdict}}": per("amends_verdicts_total", "amends_verdicts_total", "verdict")},
            unit="percentunit",
            kind="shares",
        ),
        Panel(
            "Drift of the verdicts",
            "Population stability index of a day against the week before: under 0.1 steady, over 0.25 shifted.",
            {"{{job}}": recorded("amends:verdicts:psi1d")},
        ),
        Panel(
            "Drift from the reference",
            "Population stability index of a day against the model's reference: under 0.1 steady, over 0.25 not.",
            {"{{figure}} {{playbook}}": recorded("amends:reference:psi1d")},
        ),
        Panel(
            "Scores in the reference",
            "Share of each ten points, as expected and as it is.",
            {
                "{{bin}} reference": f'avg by (bin) (amends_reference_ratio{{{CHOSEN}, figure="score"}})',
                "{{bin}} here": per(
                    "amends_drift_observations_total", "amends_drift_observations_total", "bin", ', figure="score"'
                ),
            },
            unit="percentunit",
        ),
        Panel(
            "Scores",
            "How many replies got which score.",
            {"{{le}}": rate("amends_score_bucket", "le")},
            kind="heat",
        ),
        Panel(
            "Confidence",
            "How sure judgements are; a band that sinks says that the model reads what it does not know.",
            {"{{le}}": rate("amends_confidence_bucket", "le")},
            kind="heat",
        ),
        Panel(
            "Share of UNSURE",
            "By playbook: over 20 % agents get little from it.",
            {"{{playbook}}": ratio("amends_verdicts_total", "amends_verdicts_total", "playbook", ', verdict="UNSURE"')},
            unit="percentunit",
        ),
        Panel(
            "Least confident tenth",
            "One judgement in ten is less confident than this.",
            {"{{playbook}}": quantile(0.1, "amends_confidence", "playbook")},
            unit="percentunit",
        ),
        Panel(
            "Upset of customers",
            "Mean by playbook, from 0 to 100 %.",
            {"{{playbook}}": ratio("amends_customer_upset_sum", "amends_customer_upset_count", "playbook")},
            unit="percentunit",
        ),
    ],
    "What replies do": [
        Panel(
            "Steps a judgement",
            "How often each step is found in a reply, on the mean.",
            {"{{step}}": per("amends_steps_total", "amends_score_count", "step")},
        ),
        Panel(
            "Missteps a judgement",
            "How often each misstep is found in a reply, on the mean.",
            {"{{misstep}}": per("amends_missteps_total", "amends_score_count", "misstep")},
        ),
        Panel(
            "What became of live advice",
            "Followed, ignored, or overtaken by what the customer said next.",
            {"{{fate}}": rate("amends_advice_fates_total", "fate")},
            unit="reqps",
        ),
    ],
    "What the model reads": [
        Panel(
            "Languages",
            "A guess by sentence. The model reads English alone.",
            {"{{language}}": recorded("amends:sentences:ratio_rate1h_by_language")},
            unit="percentunit",
            kind="shares",
        ),
        Panel(
            "Unknown tokens",
            "Other scripts and languages show here.",
            {"{{job}}": recorded("amends:unknown_tokens:ratio_rate1h")},
            unit="percentunit",
        ),
        Panel(
            "Cut sentences",
            "Share of sentences longer than what the encoder reads.",
            {"{{job}}": recorded("amends:truncated_sentences:ratio_rate1h")},
            unit="percentunit",
        ),
        Panel(
            "Tokens a sentence",
            "Long ones are signatures, quoted mail, or text without punctuation.",
            {
                "median": quantile(0.5, "amends_sentence_tokens"),
                "95 %": quantile(0.95, "amends_sentence_tokens"),
            },
        ),
        Panel(
            "Changed playbooks",
            "Loaded, refused (the last good ones serve on), or postponed until the encoder has room.",
            {"{{outcome}}": rate("amends_playbooks_reload_total", "outcome")},
        ),
        Panel(
            "Age of the playbooks",
            "Since they were loaded; replicas that differ have not all taken a change in.",
            {"{{instance}}": f"time() - amends_playbooks_loaded_timestamp_seconds{{{CHOSEN}}}"},
            unit="s",
        ),
    ],
    "The candidate on trial": [
        Panel(
            "Agreement with the current model",
            "Of answers of both models over an hour: same verdict, same first step, labels that both found.",
            {
                "{{what}} {{model_version}}": recorded("amends:candidate_agreement:ratio1h"),
                "labels {{model_version}}": recorded("amends:candidate_label_agreement:ratio1h"),
            },
            unit="percentunit",
        ),
        Panel(
            "Score, candidate less current",
            "Points, for the same reply. A median far from 0 moves every threshold that people set on scores.",
            {
                "median {{model_version}}": quantile(0.5, "amends_candidate_score_difference", "model_version"),
                "lowest tenth {{model_version}}": quantile(0.1, "amends_candidate_score_difference", "model_version"),
                "highest tenth {{model_version}}": quantile(0.9, "amends_candidate_score_difference", "model_version"),
            },
            kind="signed",
        ),
        Panel(
            "Labels on which they differ",
            "Steps and missteps that one of the two models found and the other did not.",
            {
                "{{label}}, {{found_by}} alone": (
                    "sum by (label, found_by) (increase("
                    f'amends_candidate_labels_total{{{CHOSEN}, found_by!="both"}}[$__rate_interval]))'
                )
            },
        ),
        Panel(
            "Who answers",
            "The candidate answers the canaries' share, the current model the rest.",
            {"{{by}} {{model_version}}": rate("amends_candidate_answers_total", "by, model_version")},
            unit="reqps",
        ),
        Panel(
            "Mean score of the canaries",
            "Beside Mean score above, which is the current model's.",
            {"{{model_version}}": ratio("amends_candidate_score_sum", "amends_candidate_score_count", "model_version")},
        ),
        Panel(
            "Verdicts of the canaries",
            "Beside Verdicts above, which are the current model's.",
            {"{{verdict}}": per("amends_candidate_verdicts_total", "amends_candidate_verdicts_total", "verdict")},
            unit="percentunit",
            kind="shares",
        ),
        Panel(
            "Compared and not",
            "Skipped where no thread was idle: the load of the service decides how many are compared.",
            {
                "compared {{what}}": rate("amends_candidate_comparisons_total", "what"),
                "skipped {{reason}}": rate("amends_candidate_skipped_total", "reason"),
            },
            unit="reqps",
        ),
        Panel(
            "Wait of shadow work",
            "It waits for idle workers, on purpose; from 30 s on a comparison is skipped.",
            {
                "one in ten": (
                    "histogram_quantile(0.9, "
                    + rate("amends_queue_wait_seconds_bucket", "le", f'{CHOSEN}, priority="shadow"')
                    + ")"
                )
            },
            unit="s",
        ),
        Panel(
            "Shares",
            "What was asked for: conversations that both judge, and those that the candidate answers.",
            {"{{use}}": f"max by (use) (amends_candidate_share{{{CHOSEN}}})"},
            unit="percentunit",
        ),
        Panel(
            "The candidate",
            "Which bundle is on trial, and in how many replicas.",
            {"": (f"count by (namespace, job, name, model_version, sha256) (amends_candidate_works{{{CHOSEN}}})")},
            kind="table",
        ),
    ],
}
