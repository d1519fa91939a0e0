"""Values of the chart that tests render."""

from typing import Any

EVERYTHING: dict[str, Any] = {
    "playbooks": {"mine.yaml": "name: mine\nstages: []\n"},
    "exemplars": "name: ours\n",
    "customSteps": {"offer_callback.json": '{"name": "offer_callback"}'},
    "reference": '{"format": 1}\n',
    "otel": {
        "endpoint": "http://collector:4317",
        "collector": [{"podSelector": {"matchLabels": {"app": "collector"}}}],
        "variables": {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.1"},
    },
    "models": {
        "volume": {"persistentVolumeClaim": {"claimName": "bundles", "readOnly": True}},
        "key": "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n",
        "current": "amends-0.4.0",
        "candidate": "amends-0.5.0",
        "candidateSteps": "steps-0.5.0",
        "canaryShare": 0.05,
    },
    "tls": {"secretName": "amends-tls", "clientAuth": True},
    "identity": {
        "secretName": "amends-identity",
        "tokens": True,
        "jwt": {"issuer": "https://issuer.example", "audience": "amends"},
    },
    "tenants": {
        "acme": {
            "terms": "calls_per_s: 50\n",
            "playbooks": {"own.yaml": "name: own\n"},
            "exemplars": "name: acme\n",
            "customSteps": {"hand_over.json": '{"name": "hand_over"}'},
            "candidateSteps": {"hand_over.json": '{"name": "fitted_on_the_candidate"}'},
        },
        "beta": {},
    },
    "settings": {"max_message_bytes": 8388608, "default_deadline_s": 2.5, "reflection": False, "log_level": "WARNING"},
    "image": {"digest": "sha256:" + "0" * 64, "pullSecrets": ["registry"]},
    "monitoring": {"dashboards": True, "labels": {"release": "prometheus"}, "runbook": "https://wiki.example/amends"},
    "podLabels": {"team": "care"},
    "podAnnotations": {"note": "x"},
    "nodeSelector": {"kubernetes.io/arch": "amd64"},
    "tolerations": [{"key": "dedicated", "operator": "Exists"}],
    "priorityClassName": "high",
    "networkPolicy": {"clients": [{"namespaceSelector": {"matchLabels": {"team": "care"}}}]},
}
"""Every value that adds something."""
