"""Values of the chart that tests render."""

from typing import Any

EVERYTHING: dict[str, Any] = {
    "playbooks": {"mine.yaml": "name: mine\nstages: []\n"},
    "exemplars": "name: ours\n",
    "customSteps": {"offer_callback.json": '{"name": "offer_callback"}'},
    "models": {
        "volume": {"persistentVolumeClaim": {"claimName": "bundles", "readOnly": True}},
        "key": "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n",
        "current": "amends-0.4.0",
        "candidate": "amends-0.5.0",
        "candidateSteps": "steps-0.5.0",
        "canaryShare": 0.05,
    },
    "tls": {"secretName": "amends-tls", "clientAuth": True},
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
