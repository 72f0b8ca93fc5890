"""The chart: every documented form renders, twice the same; wrong values are named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from kubewise_site.core.config.reading import BASE_DIR, SETTINGS
from kubewise_site.up.programs import beat_program, worker
from kubewise_site.up.secrets import ACTING, ALL, HOLDERS, READING, RECORDS
from kubewise_site.version import VERSION
from remediation.cluster import rbac
from tests.install.forms import FORMS, TRIAL
from tests.install.helm import CHART, HelmError, Object, form, helm, objects, of_kind, rendered

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]
WORKERS = {
    "detect": ("scrape,detect", 2),
    "analyze": ("analyze", 1),
    "consult": ("consult", 1),
    "act": ("act,verify,sweep,notify", 2),
    "train": ("train", 1),
}
PROGRAMS = {name: f"worker-{name}" for name in WORKERS} | {"web": "web", "beat": "beat"}
SCHEMA = json.loads((CHART / "values.schema.json").read_text())
PLACEMENT = {
    "nodeSelector": {"disk": "ssd"},
    "tolerations": [{"key": "own", "operator": "Exists"}],
    "affinity": {"nodeAffinity": {}},
    "priorityClassName": "high",
    "extraEnv": [{"name": "MORE", "value": "1"}],
    "extraVolumes": [{"name": "more", "emptyDir": {}}],
    "extraVolumeMounts": [{"name": "more", "mountPath": "/more"}],
    "labels": {"team": "a"},
    "annotations": {"note": "b"},
    "podLabels": {"team": "c"},
    "podAnnotations": {"note": "d"},
}


def pods(found: tuple[Object, ...] | list[Object]) -> Iterator[tuple[str, Object]]:
    """Name and spec of every pod or pod template."""
    for one in found:
        spec = one.get("spec") or {}
        if one["kind"] == "Pod":
            yield one["metadata"]["name"], spec
        elif one["kind"] in ("Deployment", "StatefulSet", "Job"):
            yield one["metadata"]["labels"]["app.kubernetes.io/component"], spec["template"]["spec"]


def containers(spec: Object) -> list[Object]:
    return [*spec.get("initContainers", ()), *spec["containers"]]


def component(found: tuple[Object, ...], name: str) -> Object:
    [spec] = [spec for known, spec in pods(found) if known == name]
    return spec


def main(spec: Object) -> Object:
    return dict(spec["containers"][0])


def test_lint_has_nothing_to_say() -> None:
    assert "0 chart(s) failed" in helm("lint", "--strict", str(CHART))


@pytest.mark.parametrize("name", FORMS)
def test_every_form_renders_byte_for_byte_the_same_twice(name: str) -> None:
    assert rendered(FORMS[name]) == rendered(FORMS[name])


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"colour": "red"}, "colour"),
        ({"form": "huge"}, "form"),
        ({"settings": {"SECRET_KEY": "x"}}, "SECRET_KEY"),
        ({"settings": {"DRY_RUN": True}}, "DRY_RUN"),
        ({"settings": {"NO_SUCH": "x"}}, "NO_SUCH"),
        ({"components": {"beat": {"replicas": 2}}}, "replicas"),
        ({"form": "distributed"}, "SECRET_KEY from a Secret that exists"),
        ({"rights": {"act": {"enabled": True}}}, "form standalone only reads"),
        (TRIAL | {"rights": {"act": {"enabled": True}}}, "rights.act.namespaces"),
        ({"podMonitor": {"enabled": True}}, "METRICS_TOKEN"),
    ],
)
def test_wrong_values_are_named(values: dict[str, Any], said: str) -> None:
    with pytest.raises(HelmError) as refused:
        rendered(values)
    assert said in str(refused.value)


@pytest.mark.parametrize("name", WORKERS)
def test_a_worker_runs_the_command_of_make_run(name: str) -> None:
    queues, concurrency = WORKERS[name]
    command = main(component(form("everything"), name))["command"]
    assert command[1:] == list(worker(name, queues, concurrency))[1:]


def test_beat_runs_the_command_of_make_run() -> None:
    command = main(component(form("everything"), "beat"))["command"]
    assert command[1:6] == list(beat_program(BASE_DIR))[1:6]


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_process_gets_the_secrets_that_it_holds_and_no_other(name: str) -> None:
    got = {one["name"] for one in main(component(form("everything"), name))["env"]} & ALL
    held = HOLDERS.get(PROGRAMS[name], RECORDS) - READING - ACTING
    assert got == held


def test_no_secret_stands_in_the_manifests_as_text() -> None:
    for _, spec in pods(form("everything")):
        for one in (env for each in containers(spec) for env in each.get("env", ())):
            if one["name"] in ALL - RECORDS | {"POSTGRES_PASSWORD", "BROKER_PASSWORD"}:
                assert one["valueFrom"]["secretKeyRef"]["name"] == "kubewise"
    assert not of_kind(form("everything"), "Secret")


def test_the_settings_of_the_schema_are_those_of_the_table() -> None:
    given = {"KUBEWISE_NAMESPACE", "KUBEWISE_DATA_DIR", "ALLOWED_HOSTS", "KUBE_CONTEXT", "DEBUG"}
    names = {setting.name for setting in SETTINGS} - ALL - given
    assert set(SCHEMA["properties"]["settings"]["propertyNames"]["enum"]) == names
    own = {"POSTGRES_PASSWORD", "BROKER_PASSWORD"}
    secrets = set(SCHEMA["properties"]["secrets"]["propertyNames"]["enum"])
    assert secrets == (ALL - READING - ACTING) | own


def test_the_chart_has_the_version_of_kubewise() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["appVersion"] == VERSION


@pytest.mark.parametrize("name", FORMS)
def test_every_pod_is_restricted_and_names_no_user_of_ours(name: str) -> None:
    for pod, spec in pods(form(name)):
        assert spec["securityContext"]["runAsNonRoot"] is True, pod
        assert spec["automountServiceAccountToken"] is False, pod
        for one in containers(spec):
            assert one["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
        if pod != "postgres" or name.startswith("openshift"):
            assert "runAsUser" not in spec["securityContext"], pod


def test_a_token_is_where_a_process_looks_at_the_cluster_and_nowhere_else() -> None:
    found = form("everything")
    with_token = {
        pod: spec["serviceAccountName"].removeprefix("kw-kubewise-")
        for pod, spec in pods(found)
        if any("projected" in volume for volume in spec.get("volumes", ()))
    }
    assert with_token == {"detect": "read", "analyze": "read", "act": "act"}
    others = {spec["serviceAccountName"] for pod, spec in pods(found) if pod not in with_token}
    assert others == {"kw-kubewise-none"}


def test_in_the_one_pod_only_those_who_look_at_the_cluster_see_its_token() -> None:
    spec = component(form("standalone"), "standalone")
    path = "/var/run/secrets/kubernetes.io/serviceaccount"
    seeing = {
        one["name"]
        for one in containers(spec)
        if any(mount["mountPath"] == path for mount in one["volumeMounts"])
    }
    assert seeing == {"detect", "analyze", "act"}


def rules(found: tuple[Object, ...], suffix: str) -> list[Object]:
    [role] = [
        one for one in of_kind(found, "ClusterRole") if one["metadata"]["name"].endswith(suffix)
    ]
    return list(role["rules"])


def test_the_read_rules_are_those_of_the_manifest() -> None:
    [role] = [
        one
        for one in yaml.safe_load_all((BASE_DIR / "deploy/k8s/read.yaml").read_text())
        if one["kind"] == "ClusterRole"
    ]
    assert rules(form("standalone"), ".read") == role["rules"]


def test_the_act_rules_are_those_of_the_command() -> None:
    enabled = rbac.enabled()
    assert rules(form("everything"), ".act") == rbac.namespaced_rules(enabled)
    assert rules(form("everything"), ".act-nodes") == rbac.node_rules(enabled)


def bound(found: tuple[Object, ...]) -> set[tuple[str, str, str]]:
    """(kind of binding, namespace, role) of everything that writes."""
    return {
        (
            one["kind"],
            one["metadata"].get("namespace", ""),
            one["roleRef"]["name"].rpartition(".")[2],
        )
        for one in found
        if one["kind"] in ("RoleBinding", "ClusterRoleBinding")
    } - {("ClusterRoleBinding", "", "read")}


def test_writes_are_bound_where_the_values_say_and_node_rights_only_when_asked_for() -> None:
    assert bound(form("standalone")) == bound(form("trial")) == set()
    assert bound(form("production")) == {
        ("RoleBinding", name, role) for name in ("shop", "payments") for role in ("act", "record")
    }
    assert bound(form("everything")) == {
        ("ClusterRoleBinding", "", "act"),
        ("ClusterRoleBinding", "", "act-nodes"),
    }


@pytest.mark.parametrize("name", ["standalone", "trial"])
def test_without_act_rights_dry_run_is_on_whatever_the_settings_say(name: str) -> None:
    found = objects(FORMS[name] | {"settings": {"DRY_RUN": "False"}})
    for pod, spec in pods(found):
        for one in spec["containers"]:
            env = {e["name"]: e.get("value") for e in one.get("env", ())}
            assert env.get("DRY_RUN", "True") == "True", pod


def test_the_recorder_writes_one_config_map_that_exists_and_nothing_else() -> None:
    roles = of_kind(form("production"), "Role")
    assert len(roles) == 2
    for role in roles:
        writes = [rule for rule in role["rules"] if set(rule["verbs"]) - {"get", "list"}]
        [rule] = writes
        assert rule["resources"] == ["configmaps"]
        assert rule["resourceNames"] == ["kubewise.kw-kubewise.revisions"]
        assert rule["verbs"] == ["get", "patch"]


def test_two_releases_and_two_namespaces_share_no_name() -> None:
    values = FORMS["everything"]
    seen: set[tuple[str, str, str]] = set()
    for release, namespace in (("a", "x"), ("b", "x"), ("a", "y"), ("a-kubewise", "x-b")):
        for one in objects(values, release, namespace):
            meta = one["metadata"]
            key = (one["kind"], meta.get("namespace", ""), meta["name"])
            assert key not in seen
            seen.add(key)


@pytest.mark.parametrize("name", sorted(SCHEMA["properties"]["components"]["properties"]))
def test_every_component_can_be_placed_and_labelled(name: str) -> None:
    base = {"standalone": {}, "record": FORMS["production"]}.get(name, FORMS["everything"])
    found = objects(base | {"components": {name: PLACEMENT}})
    [pod] = [spec for known, spec in pods(found) if known == name]
    for field in ("nodeSelector", "tolerations", "affinity", "priorityClassName"):
        assert pod[field] == PLACEMENT[field]
    assert {"name": "more", "emptyDir": {}} in pod["volumes"]
    holder = main(pod)
    assert {"name": "more", "mountPath": "/more"} in holder["volumeMounts"]
    assert {"name": "MORE", "value": "1"} in holder["env"]
    text = yaml.safe_dump(found)
    assert all(word in text for word in ("team: a", "note: b", "team: c", "note: d"))


def test_one_registry_goes_before_every_image_and_one_secret_pulls_it() -> None:
    for pod, spec in pods(form("everything")):
        assert spec["imagePullSecrets"] == [{"name": "pull"}], pod
        for one in containers(spec):
            assert one["image"].startswith("registry.example.com/")


@pytest.mark.parametrize("name", FORMS)
def test_every_long_running_process_has_probes_and_bounds(name: str) -> None:
    for pod, spec in pods(form(name)):
        for one in spec["containers"]:
            assert one["resources"]["requests"]["memory"], pod
            assert one["resources"]["limits"]["memory"], pod
            if one["name"] in PROGRAMS:
                assert {"startupProbe", "readinessProbe", "livenessProbe"} <= set(one), pod


def test_a_worker_is_given_more_time_to_end_than_its_longest_task_takes() -> None:
    from kubewise_site.celery import app

    for name in WORKERS:
        grace = component(form("everything"), name)["terminationGracePeriodSeconds"]
        assert grace > app.conf.task_time_limit


def test_alerts_and_dashboard_are_the_files_of_the_repository() -> None:
    for own, source in (("alerts.yml", "alerts.yml"), ("dashboard.json", "grafana/kubewise.json")):
        assert (CHART / "files" / own).read_text() == (BASE_DIR / "deploy" / source).read_text()
    [rule] = of_kind(form("everything"), "PrometheusRule")
    assert rule["spec"] == yaml.safe_load((BASE_DIR / "deploy/alerts.yml").read_text())
    [dashboard] = of_kind(form("everything"), "ConfigMap")
    source = json.loads((BASE_DIR / "deploy/grafana/kubewise.json").read_text())
    assert json.loads(dashboard["data"]["kubewise.json"]) == source


def test_the_job_of_another_version_has_another_name() -> None:
    first = of_kind(objects(TRIAL), "Job")
    second = of_kind(objects(TRIAL | {"image": {"tag": "other"}}), "Job")
    assert first[0]["metadata"]["name"] != second[0]["metadata"]["name"]
