"""Versions in the admin: one click uses one or goes back, by permission."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from detection.models_anomaly import ModelVersion
from tests.detection.anomaly.test_network import install_version


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


def in_force() -> list[str]:
    return list(ModelVersion.objects.filter(in_force=True).values_list("version", flat=True))


def test_one_click_uses_a_version_and_one_goes_back(models: Path) -> None:
    ann = client("view_modelversion", "use_modelversion")
    press(ann, "use_this_one", "v1")
    assert "v2 is in force" in press(ann, "use_this_one", "v2")
    assert in_force() == ["v2"]
    press(ann, "go_back", "v2")
    assert in_force() == ["v1"]
    assert ModelVersion.objects.get(version="v1").used_by == "ann"


def test_without_the_permission_there_is_no_such_action(models: Path) -> None:
    press(client("view_modelversion"), "use_this_one", "v1")
    assert in_force() == []


def test_a_refused_version_changes_nothing_and_says_why(models: Path) -> None:
    ann = client("view_modelversion", "use_modelversion")
    (models / "versions" / "v1" / "kube_anomaly_weights.npz").write_bytes(b"other")
    assert "is not the file that the manifest names" in press(ann, "use_this_one", "v1")
    assert in_force() == []
