"""Versions of the model over the API: read by all, put in force by permission, refused by hash."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from detection.models.anomaly import ModelVersion
from tests.detection.anomaly.model.test_autoencoder import install_version
from tests.kubewise_site import records
from tests.kubewise_site.api_client import Api, check_problem

VERSIONS = "metrics/model/versions"
BACK = "metrics/model/back"


@pytest.fixture
def models(db: None, tmp_path: Path, settings: Any) -> Path:
    settings.AUTOENCODER_MODEL_PATH = str(tmp_path / "models" / "kube_anomaly_autoencoder.keras")
    for name in ("v1", "v2"):
        install_version(tmp_path / "models" / "versions" / name, name)
    return tmp_path / "models"


def use(api: Api, version: str) -> Any:
    return api.send("POST", f"{VERSIONS}/{version}/use")


def in_force() -> list[str]:
    return list(ModelVersion.objects.filter(in_force=True).values_list("version", flat=True))


def test_versions_are_listed_with_their_scores_and_none_is_in_force_yet(
    models: Path, api: Api
) -> None:
    ModelVersion.objects.filter(version="v1").update(scores={"KubeWise": {"asd": {"f1": 0.4}}})
    body = api.get(VERSIONS).json()
    assert (body["count"], body["in_force"]) == (2, None)
    assert {row["version"] for row in body["versions"]} == {"v1", "v2"}
    one = api.get(f"{VERSIONS}/v1").json()["version"]
    assert one["scores"] == {"KubeWise": {"asd": {"f1": 0.4}}}
    assert one["files"]


def test_a_version_is_used_and_back_goes_to_the_one_before(models: Path, api: Api) -> None:
    use(api, "v1")
    answer = use(api, "v2")
    assert answer.status_code == 200
    assert answer.json()["version"]["used_by"] == "anna"
    assert (in_force(), api.get(VERSIONS).json()["in_force"]) == (["v2"], "v2")
    assert api.send("POST", BACK).json()["version"]["version"] == "v1"
    assert in_force() == ["v1"]


def test_a_version_that_is_in_force_already_is_409(models: Path, api: Api) -> None:
    use(api, "v1")
    body = check_problem(use(api, "v1"), 409)
    assert body["type"] == "urn:kubewise:in-force"


def test_a_version_whose_files_are_others_is_refused_and_nothing_changes(
    models: Path, api: Api
) -> None:
    use(api, "v1")
    (models / "versions" / "v2" / "kube_anomaly_weights.npz").write_bytes(b"other")
    before = (models / "kube_anomaly_weights.npz").read_bytes()
    body = check_problem(use(api, "v2"), 422)
    assert body["type"] == "urn:kubewise:model-refused"
    assert "is not the file that the manifest names" in body["detail"]
    assert in_force() == ["v1"]
    assert (models / "kube_anomaly_weights.npz").read_bytes() == before


def test_there_is_no_way_back_from_the_first_one(models: Path, api: Api) -> None:
    use(api, "v1")
    assert "no other version" in check_problem(api.send("POST", BACK), 422)["detail"]


def test_an_unknown_version_is_404(models: Path, api: Api) -> None:
    check_problem(api.get(f"{VERSIONS}/v9"), 404)
    check_problem(use(api, "v9"), 404)


@pytest.mark.parametrize("path", [f"{VERSIONS}/v1/use", BACK])
def test_only_the_permission_puts_a_version_in_force(models: Path, path: str) -> None:
    api = Api(records.user("viewer", "detection.view_modelversion", "detection.view_incident"))
    assert api.get(VERSIONS).status_code == 200
    check_problem(api.send("POST", path), 403)
    assert in_force() == []
