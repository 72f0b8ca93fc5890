"""A dump in the place of a cluster: kubectl's, must-gather's, and folders that would do harm."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command

from detection.kubernetes.client import KubernetesError
from detection.kubernetes.dump import NoDump, open_dump
from detection.snapshot import Snapshot
from detection.snapshot.logs import with_logs
from detection.snapshot.scan import scan
from tests.detection.builders import NODES, NOW, crash, objects, snapshot_from

FAILING: tuple[dict[str, Any], ...] = (*NODES, {"deployment": "cart", "replicas": 1, "age": "9d",
           "pods": [{"name": "cart-1", "age": "1h", "containers": crash()}]})  # fmt: skip
LOG = "starting\npanic: no configuration: DATABASE_URL is not set\n"
VERSIONS = {"Deployment": "apps/v1", "ReplicaSet": "apps/v1"}


def failing() -> list[dict[str, Any]]:
    return [{"apiVersion": VERSIONS.get(i["kind"], "v1"), **i} for i in objects(FAILING)]


def as_kubectl_dump(folder: Path) -> None:
    """`kubectl cluster-info dump --output-directory`: lists by namespace, logs.txt by pod."""
    for kind, name in (
        ("Pod", "pods"),
        ("Deployment", "deployments"),
        ("ReplicaSet", "replicasets"),
    ):
        listed(folder / "shop" / f"{name}.json", kind)
    listed(folder / "nodes.json", "Node")
    listed(folder / "shop" / "events.json", "Event")
    logs = folder / "shop" / "cart-1" / "logs.txt"
    logs.parent.mkdir()
    mark = "==== {} logs for container app of pod shop/cart-1 ====\n"
    logs.write_text(mark.format("START") + LOG + mark.format("END"))


def listed(path: Path, kind: str) -> None:
    path.parent.mkdir(exist_ok=True, parents=True)
    items = [item for item in failing() if item["kind"] == kind]
    path.write_text(json.dumps({"kind": f"{kind}List", "apiVersion": "v1", "items": items}))


def as_must_gather(folder: Path) -> None:
    for item in failing():
        path = folder / "namespaces" / "shop" / f"{item['kind']}-{item['metadata']['name']}.yaml"
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text("---\n" + yaml.safe_dump(item, sort_keys=False))
    logs = folder / "namespaces/shop/pods/cart-1/app/app/logs"
    logs.mkdir(parents=True)
    (logs / "previous.log").write_text(LOG)


def as_folder(folder: Path) -> None:
    every = {"kind": "List", "apiVersion": "v1", "items": failing()}
    (folder / "all.yaml").write_text(yaml.safe_dump(every, sort_keys=False))
    (folder / "shop_cart-1_app.previous.log").write_text(LOG)


def seen(folder: Path, is_complete: bool = False) -> Snapshot:
    dump = open_dump(str(folder), is_complete)
    return with_logs(dump, scan(dump, NOW))


@pytest.mark.parametrize("written", [as_kubectl_dump, as_must_gather, as_folder])
def test_a_dump_gives_what_the_cluster_gave(tmp_path: Path, written: Any) -> None:
    written(tmp_path)
    found, alive = seen(tmp_path), snapshot_from(failing(), NOW)
    for kind in ("pods", "deployments", "replicasets", "nodes"):
        assert getattr(found, kind) == getattr(alive, kind), kind
    assert "DATABASE_URL is not set" in found.logs["shop", "cart-1", "app"]


def test_what_a_dump_does_not_hold_is_blind_and_says_so(tmp_path: Path) -> None:
    as_kubectl_dump(tmp_path)
    blind = seen(tmp_path).blind
    assert blind["kubernetes/services"] == "the dump holds no list of services"
    assert "kubernetes/events" not in blind, "an empty list is an answer"
    assert "kubernetes/services" not in seen(tmp_path, is_complete=True).blind


def test_nothing_can_be_written_to_it(tmp_path: Path) -> None:
    as_folder(tmp_path)
    for method in ("POST", "PATCH", "PUT", "DELETE"):
        with pytest.raises(KubernetesError, match="can't be changed"):
            open_dump(str(tmp_path)).request(method, "/api/v1/namespaces/shop/pods/cart-1")


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)},*{chr(97 + n)},*{chr(97 + n)}]\n"
    for n in range(20)
)
HOSTILE = {
    "aliases": ("bomb.yaml", BOMB),
    "deep": ("deep.json", "[" * 200_000),
    "deep yaml": ("deep.yaml", "[" * 5_000),
    "broken": ("broken.json", '{"kind": "Pod"'),
    "code": ("code.yaml", "!!python/object/apply:os.system ['true']"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_one_bad_file_is_named_and_hides_no_other(tmp_path: Path, what: str) -> None:
    as_folder(tmp_path)
    name, text = HOSTILE[what]
    (tmp_path / name).write_text(text)
    assert list(open_dump(str(tmp_path)).unread) == [name]
    assert len(seen(tmp_path).pods) == 1


ODD = {
    "no objects": {"kind": "PodList", "items": ["x", 7, None, {"metadata": "x"}, {}]},
    "kinds": {"kind": ["Pod"], "metadata": {}},
    "items": {"kind": "PodList", "items": {"a": 1}},
    "a number": 7,
}


@pytest.mark.parametrize("what", ODD)
def test_what_is_no_object_is_left_out(tmp_path: Path, what: str) -> None:
    as_folder(tmp_path)
    (tmp_path / "odd.json").write_text(json.dumps(ODD[what]))
    assert len(seen(tmp_path).pods) == 1


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "dump").mkdir()
    (tmp_path / "elsewhere").mkdir()
    as_folder(tmp_path / "elsewhere")
    (tmp_path / "dump" / "all.yaml").symlink_to(tmp_path / "elsewhere" / "all.yaml")
    with pytest.raises(NoDump, match="no Kubernetes objects"):
        open_dump(str(tmp_path / "dump"))


def look(*arguments: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("diagnose", *arguments, stdout=out, stderr=err)
    return int(str(ended.value.code)), out.getvalue(), err.getvalue()


def test_the_command_looks_at_a_dump(tmp_path: Path, settings: Any) -> None:
    settings.PROMETHEUS_URL = ""
    as_folder(tmp_path)
    code, out, err = look("--dump", str(tmp_path), "--complete")
    assert (code, "DATABASE_URL is not set" in out) == (1, True), out + err
    assert "as it was at" in err
    later = (NOW + timedelta(days=1)).isoformat()
    assert later in look("--dump", str(tmp_path), "--now", later)[2]


def test_a_time_without_a_zone_and_a_folder_that_is_none_are_told(tmp_path: Path) -> None:
    as_folder(tmp_path)
    code, _, err = look("--dump", str(tmp_path), "--now", "2026-12-01T10:00:00")
    assert (code, "with its time zone" in err) == (2, True)
    code, _, err = look("--dump", str(tmp_path / "nowhere"))
    assert (code, "is no folder" in err) == (2, True)


def test_the_time_of_a_dump_is_its_newest_stamp_and_no_expiry(tmp_path: Path) -> None:
    stamp = datetime(2026, 2, 1, 10, tzinfo=UTC)
    item = {
        "kind": "Certificate",
        "apiVersion": "cert-manager.io/v1",
        "metadata": {"name": "c", "creationTimestamp": stamp.isoformat()},
        "status": {"notAfter": "2036-01-01T00:00:00Z"},
    }
    (tmp_path / "c.json").write_text(json.dumps(item))
    assert open_dump(str(tmp_path)).taken_at == stamp
