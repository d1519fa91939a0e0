"""The chart renders to manifests that Kubernetes accepts and keep the rules of careful operation."""

import json
import tomllib
from collections.abc import Callable
from typing import Any

import helm_python
import jsonschema
import kubernetes_validate
import pytest
import yaml
from amends_server.identity.tenants import load_tenants
from amends_server.server import SERVICES
from amends_server.services.health import LIVENESS
from amends_server.settings import PREFIX, Settings, load_settings
from chart_values import EVERYTHING
from crds import SCHEMAS
from deploy_files import CHART, DEPLOY, rules

Manifest = dict[str, Any]
Render = Callable[..., list[Manifest]]

FILES_ALONE = {"audit_max_mb", "audit_keep"}
"""Settings without a meaning in the chart: standard output is not put aside."""
KUBERNETES = ("1.30", "1.37")
"""The oldest the chart allows, and the newest known."""


def of_kind(manifests: list[Manifest], kind: str) -> list[Manifest]:
    return [manifest for manifest in manifests if manifest["kind"] == kind]


def one(manifests: list[Manifest], kind: str) -> Manifest:
    (found,) = of_kind(manifests, kind)
    return found


def pod(manifests: list[Manifest]) -> dict[str, Any]:
    spec: dict[str, Any] = one(manifests, "Deployment")["spec"]["template"]["spec"]
    return spec


def container(manifests: list[Manifest]) -> dict[str, Any]:
    (found,) = pod(manifests)["containers"]
    return dict(found)


def variables(manifests: list[Manifest]) -> dict[str, str]:
    return {entry["name"]: entry["value"] for entry in container(manifests)["env"]}


@pytest.mark.parametrize("version", KUBERNETES)
def test_kubernetes_accepts_every_manifest(manifests: list[Manifest], version: str) -> None:
    for manifest in manifests:
        schema = SCHEMAS.get(manifest["kind"])
        if schema is not None:
            jsonschema.validate(manifest, schema)
        else:
            kubernetes_validate.validate(manifest, version, strict=True)


@pytest.mark.parametrize("kind", ["Deployment", "NetworkPolicy", "HorizontalPodAutoscaler"])
def test_the_check_itself_sees_a_misspelt_field(everything: list[Manifest], kind: str) -> None:
    manifest = {**one(everything, kind)}
    manifest["spec"] = {**manifest["spec"], "replcas": 2}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(manifest, KUBERNETES[0], strict=True)


def test_helm_finds_nothing_to_complain_of() -> None:
    found = helm_python.lint(str(CHART), EVERYTHING, strict=True)
    assert [message for message in found["messages"] if "icon is recommended" not in json.dumps(message)] == []


def test_the_chart_is_of_this_version() -> None:
    project = tomllib.loads((DEPLOY.parent / "pyproject.toml").read_text())["project"]
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["appVersion"] == chart["version"] == project["version"]


def test_a_pod_may_do_nothing_it_need_not(manifests: list[Manifest]) -> None:
    spec, own = pod(manifests), container(manifests)["securityContext"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] > 0
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert own["readOnlyRootFilesystem"] is True
    assert own["allowPrivilegeEscalation"] is False
    assert own["capabilities"] == {"drop": ["ALL"]}
    assert "privileged" not in own
    assert spec["automountServiceAccountToken"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec)
    assert all(mount.get("readOnly") or mount["mountPath"] == "/tmp" for mount in container(manifests)["volumeMounts"])


def test_cores_are_whole_and_threads_are_as_many(render: Render) -> None:
    manifests = render({"cores": 3})
    resources = container(manifests)["resources"]
    assert resources["requests"] == resources["limits"], "guaranteed quality of service"
    assert resources["requests"]["cpu"] == variables(manifests)["AMENDS_WORKERS"] == "3"


def test_readiness_and_liveness_ask_for_different_things(render: Render) -> None:
    own = container(render())
    assert own["livenessProbe"]["grpc"]["service"] == own["startupProbe"]["grpc"]["service"] == LIVENESS
    assert own["readinessProbe"]["grpc"]["service"] in SERVICES


def test_with_tls_the_image_asks_for_the_same(manifests: list[Manifest]) -> None:
    own = container(manifests)
    for name, service in (("livenessProbe", LIVENESS), ("readinessProbe", SERVICES[0]), ("startupProbe", LIVENESS)):
        if "exec" in own[name]:
            assert own[name]["exec"]["command"][:3] == ["amends", "probe", service]
            assert own[name]["timeoutSeconds"] > 3, "longer than the call"
        else:
            assert "AMENDS_TLS_CERT" not in variables(manifests), "kubelet's own probe speaks no TLS"


@pytest.mark.parametrize("drain", [{}, {"preStopSeconds": 30, "graceSeconds": 60}])
def test_the_grace_covers_the_pause_and_the_drain(render: Render, drain: dict[str, int]) -> None:
    manifests = render({"drain": drain})
    pause = container(manifests)["lifecycle"]["preStop"]["sleep"]["seconds"]
    grace_s = float(variables(manifests)["AMENDS_GRACE_S"])
    assert pause >= 5
    assert pod(manifests)["terminationGracePeriodSeconds"] >= pause + grace_s + 5
    assert grace_s >= Settings.model_fields["default_deadline_s"].default


def test_the_service_is_headless(manifests: list[Manifest]) -> None:
    service = one(manifests, "Service")["spec"]
    assert service["clusterIP"] == "None"
    assert {port["name"] for port in service["ports"]} == {"grpc", "metrics"}


def test_everything_selects_the_pods(everything: list[Manifest]) -> None:
    labels = one(everything, "Deployment")["spec"]["template"]["metadata"]["labels"]
    selectors = [
        one(everything, "Service")["spec"]["selector"],
        one(everything, "Deployment")["spec"]["selector"]["matchLabels"],
        one(everything, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        one(everything, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
        *(spread["labelSelector"]["matchLabels"] for spread in pod(everything)["topologySpreadConstraints"]),
    ]
    for selector in selectors:
        assert selector.items() <= labels.items()
    monitor = one(everything, "ServiceMonitor")["spec"]
    service = one(everything, "Service")
    assert monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert service["metadata"]["labels"][monitor["jobLabel"]] == "amends", "the job that the alerts ask for"


def test_replicas_are_spread_and_never_all_down(manifests: list[Manifest]) -> None:
    assert {spread["topologyKey"] for spread in pod(manifests)["topologySpreadConstraints"]} == {
        "topology.kubernetes.io/zone",
        "kubernetes.io/hostname",
    }
    assert one(manifests, "Deployment")["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert one(manifests, "Deployment")["spec"]["minReadySeconds"] > 30, "clients look names up twice a minute at most"
    assert one(manifests, "PodDisruptionBudget")["spec"]["maxUnavailable"] == 1
    scalers = of_kind(manifests, "HorizontalPodAutoscaler")
    least = scalers[0]["spec"]["minReplicas"] if scalers else one(manifests, "Deployment")["spec"]["replicas"]
    assert least >= 2


def test_the_autoscaler_owns_the_number_of_replicas(render: Render) -> None:
    manifests = render({"cores": 4, "autoscaling": {"busyShare": 50}})
    assert "replicas" not in one(manifests, "Deployment")["spec"]
    wait, busy = (metric["pods"] for metric in one(manifests, "HorizontalPodAutoscaler")["spec"]["metrics"])
    assert (wait["metric"]["name"], wait["target"]["averageValue"]) == ("amends_queue_wait_seconds_p90", "20m")
    assert (busy["metric"]["name"], busy["target"]["averageValue"]) == ("amends_encoder_workers_busy", "2000m")


def test_the_adapter_gives_the_autoscaler_its_metrics(render: Render) -> None:
    adapter = yaml.safe_load((DEPLOY / "prometheus/adapter/values.yaml").read_text())["rules"]["custom"]
    given = {rule["name"]["as"] for rule in adapter}
    wanted = {
        metric["pods"]["metric"]["name"] for metric in one(render(), "HorizontalPodAutoscaler")["spec"]["metrics"]
    }
    assert given == wanted
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    for rule in adapter:
        assert rule["seriesQuery"].split("{")[0] in recorded


def test_the_network_lets_nothing_out(render: Render) -> None:
    policy = one(render(), "NetworkPolicy")["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert policy["egress"] == []


def test_traces_get_out_to_the_collector_alone(everything: list[Manifest]) -> None:
    collector, names = one(everything, "NetworkPolicy")["spec"]["egress"]
    assert collector == {"to": EVERYTHING["otel"]["collector"]}
    assert {port["port"] for port in names["ports"]} == {53}
    found = variables(everything)
    assert found["OTEL_EXPORTER_OTLP_ENDPOINT"] == EVERYTHING["otel"]["endpoint"]
    assert found["OTEL_TRACES_SAMPLER_ARG"] == "0.1"


def test_traces_that_could_not_get_out_are_refused_with_the_remedy(render: Render) -> None:
    otel = {"endpoint": EVERYTHING["otel"]["endpoint"]}
    with pytest.raises(helm_python.HelmError, match=r"otel\.collector is empty.*Give the peers of the collector"):
        render({"otel": otel})
    assert variables(render({"otel": otel, "networkPolicy": {"enabled": False}}))["OTEL_EXPORTER_OTLP_ENDPOINT"]


def test_the_network_lets_callers_and_prometheus_in(everything: list[Manifest]) -> None:
    policy = one(everything, "NetworkPolicy")["spec"]
    grpc, metrics = policy["ingress"]
    assert grpc["ports"] == [{"port": "grpc"}]
    assert grpc["from"] == EVERYTHING["networkPolicy"]["clients"]
    assert metrics["ports"] == [{"port": "metrics"}]
    assert metrics["from"], "never from everywhere"


def test_the_service_understands_every_variable(
    manifests: list[Manifest], monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    some_file = tmp_path / "file"
    some_file.touch()
    for name, value in variables(manifests).items():
        mounted = value.startswith(("/etc/amends/tls/", "/etc/amends/identity/"))
        monkeypatch.setenv(name, str(some_file) if mounted else value)
    settings = load_settings([])
    assert settings.port == 50051
    assert settings.host == settings.metrics_host == "0.0.0.0"
    assert settings.production
    assert settings.metrics_port == 9464, "asked for"
    assert not settings.reflection
    assert settings.audit_log == "-"


def test_settings_arrive_as_they_were_given(everything: list[Manifest]) -> None:
    found = variables(everything)
    assert found["AMENDS_MAX_MESSAGE_BYTES"] == "8388608", "not 8.388608e+06"
    assert found["AMENDS_DEFAULT_DEADLINE_S"] == "2.5"
    assert found["AMENDS_REFLECTION"] == "false"


def test_every_setting_is_the_charts_or_the_users(everything: list[Manifest]) -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    users = set(schema["properties"]["settings"]["propertyNames"]["enum"])
    ours = {name.removeprefix(PREFIX).lower() for name in variables(everything) if name.startswith(PREFIX)}
    charts = ours - set(EVERYTHING["settings"])
    assert users | charts == set(Settings.model_fields) - FILES_ALONE, "a new setting needs its place in the chart"
    assert not users & charts


def test_no_variable_of_a_neighbouring_service_gets_in(manifests: list[Manifest]) -> None:
    assert pod(manifests)["enableServiceLinks"] is False


def test_what_is_taught_is_mounted_where_it_is_looked_for(everything: list[Manifest]) -> None:
    maps = {manifest["metadata"]["name"]: manifest["data"] for manifest in of_kind(everything, "ConfigMap")}
    assert maps["amends-playbooks"] == EVERYTHING["playbooks"]
    assert maps["amends-teaching"]["exemplars.yaml"] == EVERYTHING["exemplars"]
    assert json.loads(maps["amends-teaching"]["offer_callback.json"]) == {"name": "offer_callback"}
    volumes = {volume["name"]: volume for volume in pod(everything)["volumes"]}
    paths = {mount["mountPath"]: volumes[mount["name"]] for mount in container(everything)["volumeMounts"]}
    found = variables(everything)
    assert paths[found["AMENDS_PLAYBOOK_DIR"]]["configMap"]["name"] == "amends-playbooks"
    assert paths[found["AMENDS_CUSTOM_STEPS"]]["configMap"]["name"] == "amends-teaching"
    for file in ("AMENDS_EXEMPLARS", "AMENDS_REFERENCE"):
        folder, _, name = found[file].rpartition("/")
        assert paths[folder]["configMap"]["name"] == "amends-teaching"
        assert name in maps["amends-teaching"]
    assert paths[found["AMENDS_TLS_KEY"].rpartition("/")[0]]["secret"]["secretName"] == "amends-tls"


def test_tenants_are_mounted_as_the_service_looks_for_them(everything: list[Manifest], tmp_path: Any) -> None:
    (data,) = [m["data"] for m in of_kind(everything, "ConfigMap") if m["metadata"]["name"] == "amends-tenants"]
    volumes = {volume["name"]: volume for volume in pod(everything)["volumes"]}
    items = volumes["tenants"]["configMap"]["items"]
    assert {item["key"] for item in items} == set(data)
    for item in items:
        place = tmp_path / item["path"]
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(data[item["key"]])
    tenants = load_tenants(tmp_path)
    assert set(tenants) == {"acme", "beta"}
    acme, beta = tenants["acme"], tenants["beta"]
    assert acme.terms.calls_per_s == 50
    assert acme.playbooks is not None
    assert acme.steps is not None
    assert acme.shadow_steps is not None
    assert acme.exemplars is not None
    assert (acme.playbooks / "own.yaml").read_text() == "name: own\n"
    assert (acme.steps / "hand_over.json").read_text() == '{"name": "hand_over"}'
    assert acme.exemplars.read_text() == "name: acme\n"
    assert (acme.shadow_steps / "hand_over.json").read_text() == '{"name": "fitted_on_the_candidate"}'
    assert (beta.playbooks, beta.exemplars, beta.steps, beta.shadow_steps) == (None, None, None, None)
    found = variables(everything)
    mounts = {mount["mountPath"]: mount["name"] for mount in container(everything)["volumeMounts"]}
    assert mounts[found["AMENDS_TENANT_DIR"]] == "tenants"
    assert mounts[found["AMENDS_TOKENS"].rpartition("/")[0]] == "identity"
    assert mounts[found["AMENDS_JWKS"].rpartition("/")[0]] == "identity"


def test_a_tenants_terms_restart_the_replicas_and_its_playbooks_do_not(render: Render) -> None:
    def template(**own: Any) -> Any:
        tenants = {"acme": {"terms": "calls_per_s: 1\n", "playbooks": {"a.yaml": "x"}, **own}}
        return one(render({"tenants": tenants}), "Deployment")["spec"]["template"]

    assert template() == template(playbooks={"a.yaml": "y"})
    assert template() != template(terms="calls_per_s: 2\n")


def test_changed_playbooks_restart_nothing_and_changed_exemplars_do(render: Render) -> None:
    def template(**values: Any) -> Any:
        return one(render({"playbooks": {"a.yaml": "x"}, "exemplars": "x", **values}), "Deployment")["spec"]["template"]

    assert template() == template(playbooks={"a.yaml": "y"})
    assert template() != template(exemplars="y")


def test_the_image_is_named_by_its_digest(render: Render) -> None:
    assert container(render(EVERYTHING))["image"] == "amends@sha256:" + "0" * 64
    assert container(render({"image": {"tag": "1.2"}}))["image"] == "amends:1.2"


def test_the_rules_are_those_of_the_folder(everything: list[Manifest]) -> None:
    found = [rule for group in one(everything, "PrometheusRule")["spec"]["groups"] for rule in group["rules"]]
    ours = list(rules())
    key = json.dumps
    assert sorted(key(rule["expr"]) for rule in found) == sorted(key(rule["expr"]) for rule in ours)
    urls = {rule["annotations"]["runbook_url"] for rule in found if "alert" in rule}
    assert all(url.startswith("https://wiki.example/amends#amends") for url in urls)


def test_the_dashboards_are_those_of_the_folder(everything: list[Manifest]) -> None:
    maps = [m for m in of_kind(everything, "ConfigMap") if m["metadata"]["labels"].get("grafana_dashboard")]
    found = {name: text for manifest in maps for name, text in manifest["data"].items()}
    assert found == {file.name: file.read_text() for file in (DEPLOY / "grafana/dashboards").glob("*.json")}


@pytest.mark.parametrize(
    "values",
    [
        {"cores": 1.5},
        {"cores": 0},
        {"image": {"digest": "latest"}},
        {"image": {"tag": "latest"}},
        {"settings": {"port": 1}},
        {"settings": {"made_up": 1}},
        {"drain": {"preStopSeconds": 0}},
        {"autoscaling": {"minReplicas": 1}},
        {"tls": {"clientAuth": True}},
        {"identity": {"tokens": True}},
        {"identity": {"secretName": "s", "jwt": {"issuer": "https://issuer.example"}}},
        {"identity": {"jwt": {"issuer": "https://issuer.example", "audience": "amends"}}},
        {"tenants": {"../acme": {}}},
        {"tenants": {"acme": {"playbooks": {"../own.yaml": "x"}}}},
        {"tenants": {"acme": {"quota": 1}}},
        {"playbooks": {"../mine.yaml": "x"}},
        {"networkPolicy": {"clients": []}},
        {"replicaCount": 2},
    ],
    ids=json.dumps,
)
def test_values_that_cannot_be_meant_are_refused(render: Render, values: dict[str, Any]) -> None:
    with pytest.raises(helm_python.HelmError):
        render(values)


@pytest.mark.parametrize("name", ["amends", "my-amends", "blue", "a" * 53])
def test_names_stay_short_enough(render: Render, name: str) -> None:
    for manifest in render(EVERYTHING, name):
        assert len(manifest["metadata"]["name"]) <= 63


def test_a_candidate_comes_with_its_volume_and_its_key(everything: list[Manifest]) -> None:
    models = EVERYTHING["models"]
    (volume,) = [each for each in pod(everything)["volumes"] if each["name"] == "models"]
    assert volume == {"name": "models", **models["volume"]}
    mounts = {mount["name"]: mount["mountPath"] for mount in container(everything)["volumeMounts"]}
    given = variables(everything)
    assert given["AMENDS_MODEL_DIR"] == f"{mounts['models']}/{models['current']}"
    assert given["AMENDS_SHADOW_MODEL_DIR"] == f"{mounts['models']}/{models['candidate']}"
    keys = [each["data"] for each in of_kind(everything, "ConfigMap") if each["metadata"]["name"].endswith("model-key")]
    assert keys == [{given["AMENDS_MODEL_KEY"].rpartition("/")[2]: models["key"]}]
    assert given["AMENDS_MODEL_KEY"].startswith(mounts["model-key"])


@pytest.mark.parametrize(
    "models",
    [
        {"candidate": "a"},
        {"current": "a", "volume": {}},
        {"candidate": "../a", "volume": {"emptyDir": {}}},
        {"candidate": "a", "volume": {"emptyDir": {}}, "canaryShare": 1.5},
        {"key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"},
    ],
)
def test_a_trial_that_cannot_be_meant_is_refused(render: Render, models: dict[str, Any]) -> None:
    with pytest.raises(Exception, match="models"):
        render({"models": models})
