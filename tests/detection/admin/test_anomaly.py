"""Versions in the admin: one click uses one or goes back, by permission."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from detection.models import Heartbeat
from detection.models.anomaly import ModelVersion
from tests.detection.anomaly.model.test_autoencoder import install_version


@pytest.fixture
def models(db: None, tmp_path: Path, settings: Any) -> Path:
    settings.AUTOENCODER_MODEL_PATH = str(tmp_path / "models" / "kube_anomaly_autoencoder.keras")
    for name in ("v1", "v2"):
        install_version(tmp_path / "models" / "versions" / name, name)
    return tmp_path / "models"


def client(*permissions: str) -> Client:
    user = User.objects.create_user("ann", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    made = Client()
    made.force_login(user)
    return made


def press(given: Client, action: str, version: str) -> str:
    row = ModelVersion.objects.get(version=version)
    where = reverse("admin:detection_modelversion_changelist")
    answer = given.post(where, {"action": action, "_selected_action": [row.pk]}, follow=True)
    return str(answer.content.decode())


def go_back(given: Client) -> str:
    answer = given.post(reverse("admin:detection_modelversion_go_back"), follow=True)
    return str(answer.content.decode())


def in_force() -> list[str]:
    return list(ModelVersion.objects.filter(in_force=True).values_list("version", flat=True))


def test_one_click_uses_a_version_and_one_goes_back(models: Path) -> None:
    ann = client("view_modelversion", "use_modelversion")
    press(ann, "use_this_one", "v1")
    assert "v2 is in use" in press(ann, "use_this_one", "v2")
    assert in_force() == ["v2"]
    listed = ann.get(reverse("admin:detection_modelversion_changelist")).content.decode()
    assert "Go back to v1" in listed
    assert "v1 is in use" in go_back(ann)
    assert in_force() == ["v1"]
    assert ModelVersion.objects.get(version="v1").used_by == "ann"


def test_without_the_permission_there_is_no_such_action(models: Path) -> None:
    ann = client("view_modelversion")
    press(ann, "use_this_one", "v1")
    assert in_force() == []
    where = reverse("admin:detection_modelversion_go_back")
    assert ann.post(where).status_code == 403
    assert ann.get(where).status_code == 405


def test_going_back_without_a_version_before_changes_nothing_and_says_so(models: Path) -> None:
    ann = client("view_modelversion", "use_modelversion")
    assert "no other version was in use before" in go_back(ann)


def test_the_list_says_how_much_new_data_there_is_and_how_much_is_needed(models: Path) -> None:
    ann = client("view_modelversion")
    where = reverse("admin:detection_modelversion_changelist")
    assert "They have not been counted yet" in ann.get(where).content.decode()
    detail = {"normal_samples": 51840, "needed_samples": 100000, "skipped": "too few <b>"}
    Heartbeat.objects.create(name="train", at=datetime.now(UTC), detail=detail)
    listed = ann.get(where).content.decode()
    assert "51,840 of 100,000 new normal samples" in listed or "51840 of 100000" in listed
    assert "too few &lt;b&gt;" in listed


def test_a_refused_version_changes_nothing_and_says_why(models: Path) -> None:
    ann = client("view_modelversion", "use_modelversion")
    (models / "versions" / "v1" / "kube_anomaly_weights.npz").write_bytes(b"other")
    assert "is not the file that the manifest names" in press(ann, "use_this_one", "v1")
    assert in_force() == []
