"""Training on little data, serving the same figures in numpy, versions and what is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from sklearn.preprocessing import StandardScaler

from detection.anomaly import scoring
from detection.anomaly.dataset import WrongData, read
from detection.anomaly.model import artifacts
from detection.anomaly.model import autoencoder as network
from detection.anomaly.model.artifacts import MANIFEST, WEIGHTS, ModelRefused
from detection.models.anomaly import ModelVersion
from detection.training.evaluation import evaluate
from detection.training.jobs import import_model, train
from detection.training.jobs.retraining import mean_score, publish
from detection.training.model import autoencoder, sampling, versions
from detection.training.model.autoencoder import BadModel
from detection.training.model.errors import TooLittleData
from tests.detection.anomaly.builders import series

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
SETS = {"made": [series(samples=500, seed=seed, jump=400) for seed in range(6)]}
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.timeout(300),
]


@pytest.fixture(scope="module")
def trained() -> train.Trained:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(autoencoder, "EPOCHS", 1)
        patch.setattr(sampling, "WINDOWS_PER_SET", 6000)
        return train.train(SETS, lambda text: None, seeds=(0, 1))


@pytest.fixture
def models(tmp_path: Path, settings: Any) -> Path:
    settings.AUTOENCODER_MODEL_PATH = str(tmp_path / "models" / "kube_anomaly_autoencoder.keras")
    return tmp_path / "models"


def written(trained: train.Trained, when: datetime) -> dict[str, Any]:
    name = f"{when:%Y%m%d-%H%M%S}"
    found = evaluate.measures_table(evaluate.ours_alone(trained.network, SETS))
    return train.write_version(trained, found, SETS, "d" * 64, versions.directory_of(name), when)


def parquet(path: Path, rows: int = 120, **columns: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    given = {
        "entity": [f"e{at % 2}" for at in range(rows)],
        "split": ["train" if at < rows * 0.7 else "test" for at in range(rows)],
        "t": list(range(rows)),
        "cpu": np.random.default_rng(0).normal(5, 1, rows),
        "note": ["text"] * rows,
    }
    pq.write_table(pa.table(given | columns), path)
    return path


def test_the_numpy_export_equals_keras_within_a_hundred_thousandth(
    trained: train.Trained, tmp_path: Path
) -> None:
    autoencoder.save(trained.model, tmp_path / "model.keras")
    network.save_network(trained.network, tmp_path / WEIGHTS)
    rows = np.random.default_rng(5).normal(0, 3, (500, 32)).astype(np.float32).clip(-10, 10)
    keras = autoencoder.read(tmp_path / "model.keras")
    wanted = trained.scaler.inverse_transform(np.asarray(keras(trained.scaler.transform(rows))))
    found = network.load_network(tmp_path / WEIGHTS).rebuild(rows)
    assert np.abs(found - wanted).max() < 1e-5


def test_training_without_enough_windows_says_so() -> None:
    with pytest.raises(TooLittleData, match="0 windows"):
        train.train({"none": []}, lambda text: None)


def test_no_entity_is_on_both_sides_of_a_fold() -> None:
    for seen, unseen in sampling.folds(SETS, 3):
        names = [{one.entity for one in side["made"]} for side in (seen, unseen)]
        assert not names[0] & names[1]
        assert len(names[0] | names[1]) == 6


def test_windows_to_train_on_come_from_training_samples_alone() -> None:
    windows = sampling.windows_of({"made": [series(samples=500, train=300, jump=400)]}, 0, 1000)
    assert windows.max() < 6


def test_the_model_card_and_manifest_hold_the_figures_and_every_hash(
    trained: train.Trained, models: Path
) -> None:
    known = written(trained, NOW)
    where = versions.directory_of(known["version"])
    card = (where / "README.md").read_text()
    assert "| made | Anomaly |" in card
    assert f"{known['scores']['KubeWise']['made']['vus_pr_per_entity']:.2f}" in card
    for name, digest in known["files"].items():
        assert artifacts.sha256(where / name) == digest
    assert json.loads((where / MANIFEST).read_text())["libraries"]["keras"]


@pytest.mark.django_db
def test_one_command_goes_back_to_the_version_before(trained: train.Trained, models: Path) -> None:
    first = versions.record_version(written(trained, NOW), "data", NOW)
    second = versions.record_version(written(trained, NOW + timedelta(hours=1)), "data", NOW)
    versions.use(first.version, "ann", NOW)
    versions.use(second.version, "ann", NOW + timedelta(hours=2))
    assert artifacts.load_artifacts(models).version == second.version
    assert versions.go_back("ann", NOW + timedelta(hours=3)).version == first.version
    assert artifacts.load_artifacts(models).version == first.version
    assert ModelVersion.objects.get(in_force=True).version == first.version


@pytest.mark.django_db
def test_a_version_whose_files_were_changed_is_not_used(
    trained: train.Trained, models: Path
) -> None:
    row = versions.record_version(written(trained, NOW), "data", NOW)
    with (versions.directory_of(row.version) / WEIGHTS).open("ab") as file:
        file.write(b"x")
    with pytest.raises(ModelRefused, match="is not the file that the manifest names"):
        versions.use(row.version, "ann", NOW)
    assert not (models / MANIFEST).exists()


@pytest.mark.django_db
def test_a_new_version_is_kept_but_not_used_where_it_is_not_better(
    trained: train.Trained, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions.use(versions.record_version(written(trained, NOW), "data", NOW).version, "ann", NOW)
    worse = evaluate.measures_table(evaluate.ours_alone(trained.network, SETS))
    worse["KubeWise"]["made"]["f1"] = 0.0
    monkeypatch.setattr(train, "evaluate_unseen", lambda sets, tell: worse)
    monkeypatch.setattr(train, "train", lambda sets, tell: trained)
    later = NOW + timedelta(days=1)
    done = publish(SETS, "d" * 64, "data", later, lambda text: None, force=False)
    assert not done.in_force
    assert "stored, not in use" in done.message
    assert ModelVersion.objects.count() == 2


@pytest.mark.django_db
def test_a_better_version_is_used_and_one_command_goes_back_and_forth(
    trained: train.Trained, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = versions.record_version(written(trained, NOW), "data", NOW)
    versions.use(first.version, "ann", NOW)
    better = evaluate.measures_table(evaluate.ours_alone(trained.network, SETS))
    better["KubeWise"]["made"]["f1"] = 1.0
    better["KubeWise"]["made"]["vus_pr_per_entity"] = 1.0
    monkeypatch.setattr(train, "evaluate_unseen", lambda sets, tell: better)
    monkeypatch.setattr(train, "train", lambda sets, tell: trained)
    done = publish(SETS, "d" * 64, "data", NOW + timedelta(days=1), lambda text: None, force=False)
    assert done.in_force
    assert artifacts.load_artifacts(models).version == done.version
    for expected in (first.version, done.version):
        out = StringIO()
        call_command("use_model", "--back", stdout=out)
        assert f"{expected} is in use" in out.getvalue()
        assert artifacts.load_artifacts(models).version == expected
        assert ModelVersion.objects.get(in_force=True).version == expected


@pytest.mark.django_db
def test_a_version_measured_on_other_data_is_not_put_in_force_by_itself(
    trained: train.Trained, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions.use(versions.record_version(written(trained, NOW), "data", NOW).version, "ann", NOW)
    scores = evaluate.measures_table(evaluate.ours_alone(trained.network, SETS))
    monkeypatch.setattr(train, "evaluate_unseen", lambda sets, tell: scores)
    monkeypatch.setattr(train, "train", lambda sets, tell: trained)
    later = NOW + timedelta(days=1)
    done = publish(SETS, "e" * 64, "data", later, lambda text: None, force=False)
    assert not done.in_force
    assert "measured on other data" in done.message


@pytest.mark.django_db
def test_the_evaluation_prints_json_alone_with_every_baseline_beside_the_model(
    trained: train.Trained, models: Path, tmp_path: Path
) -> None:
    versions.use(versions.record_version(written(trained, NOW), "data", NOW).version, "ann", NOW)
    rows = 300
    labels = [int(at >= 250) if at % 2 else 0 for at in range(rows)]
    parquet(tmp_path / "made" / "public.parquet", rows, label=labels)
    out, told = StringIO(), StringIO()
    call_command("evaluate_model", data=tmp_path, output="json", stdout=out, stderr=told)
    found = json.loads(out.getvalue())
    assert {
        "largest z-score",
        "moving median + MAD",
        "IsolationForest",
        "PCA",
        "classic recipe",
    } < (set(found["scores"]))
    assert found["entities"] == "not its own"
    assert "fitting the classic recipe on made" in told.getvalue()


def test_quality_is_zero_without_events() -> None:
    assert mean_score({"KubeWise": {"quiet": {"vus_pr_per_entity": None, "f1": None}}}) == 0.0


@pytest.mark.django_db
def test_a_users_own_model_and_scaler_become_a_version(
    trained: train.Trained, models: Path, tmp_path: Path
) -> None:
    autoencoder.save(trained.model, tmp_path / "own.keras")
    rows = np.random.default_rng(0).normal(1, 2, (200, 32))
    joblib.dump(StandardScaler().fit(rows), tmp_path / "own.joblib")
    row = import_model.import_model(tmp_path / "own.keras", tmp_path / "own.joblib", NOW)
    assert (row.source, row.in_force) == ("imported", False)
    versions.use(row.version, "ann", NOW)
    assert artifacts.load_artifacts(models).network.window == 32


@pytest.mark.django_db
def test_a_file_that_is_no_model_is_refused_by_name(models: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.keras").write_text("no")
    with pytest.raises(CommandError, match=r"bad\.keras is no Keras model"):
        call_command("import_model", tmp_path / "bad.keras", tmp_path / "none.joblib")
    with pytest.raises(BadModel):
        autoencoder.read(tmp_path / "none.keras")


@pytest.mark.django_db
def test_score_series_writes_the_rows_in_the_same_order_with_score_and_alarm(
    trained: train.Trained, models: Path, tmp_path: Path
) -> None:
    versions.use(versions.record_version(written(trained, NOW), "data", NOW).version, "ann", NOW)
    given = parquet(tmp_path / "in.parquet")
    call_command("score_series", data=given, output=tmp_path / "out.parquet")
    before, after = pq.read_table(given), pq.read_table(tmp_path / "out.parquet")
    assert after.select(before.column_names).equals(before)
    assert after.schema.field("score").type == pa.float64()
    assert after.schema.field("alarm").type == pa.bool_()
    assert np.isfinite(after["score"].to_numpy()).all()


@pytest.mark.django_db
def test_score_series_gives_every_row_its_score_whatever_the_order_of_the_rows(
    trained: train.Trained, models: Path, tmp_path: Path
) -> None:
    versions.use(versions.record_version(written(trained, NOW), "data", NOW).version, "ann", NOW)
    table = pq.read_table(parquet(tmp_path / "in.parquet"))
    order = np.random.default_rng(0).permutation(table.num_rows)
    pq.write_table(table.take(order), tmp_path / "mixed.parquet")
    found = []
    for name in ("in", "mixed"):
        out = tmp_path / f"{name}-out.parquet"
        call_command("score_series", data=tmp_path / f"{name}.parquet", output=out)
        found.append([pq.read_table(out)[column].to_numpy() for column in ("score", "alarm")])
    for plain, mixed in zip(*found, strict=True):
        np.testing.assert_array_equal(plain[order], mixed)


@pytest.mark.django_db
def test_score_series_without_a_model_says_what_to_do(models: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="train a model first"):
        call_command(
            "score_series", data=parquet(tmp_path / "in.parquet"), output=tmp_path / "out.parquet"
        )


def test_a_file_without_time_or_entities_is_refused_by_what_it_lacks(tmp_path: Path) -> None:
    table = pq.read_table(parquet(tmp_path / "in.parquet"))
    pq.write_table(table.drop_columns(["t"]), tmp_path / "no-time.parquet")
    pq.write_table(table.drop_columns(["entity"]), tmp_path / "no-entity.parquet")
    (tmp_path / "text.parquet").write_text("entity,t")
    with pytest.raises(WrongData, match="neither a column ts nor t"):
        read(tmp_path / "no-time.parquet")
    with pytest.raises(WrongData, match="lacks the columns entity"):
        read(tmp_path / "no-entity.parquet")
    with pytest.raises(WrongData, match="can't be read as parquet"):
        read(tmp_path / "text.parquet")


def test_baselines_and_intervals_stand_beside_the_model(trained: train.Trained) -> None:
    found = evaluate.measures_table(evaluate.with_network(trained.network, SETS, lambda text: None))
    assert {"KubeWise", "IsolationForest", "PCA", "largest z-score"} <= set(found)
    ours = found["KubeWise"]["made"]
    low, high = ours["intervals"]["f1"]
    assert low <= ours["f1"] <= high
    json.dumps(found, allow_nan=False)


def test_without_history_a_model_is_judged_on_injected_faults(trained: train.Trained) -> None:
    from detection.training.jobs.retraining import on_injected

    found = on_injected(trained.network)["KubeWise"]["injected"]
    assert 0 < found["event_recall"] <= 1
    assert found["series"] == 22


def test_scores_are_causal_with_the_trained_network(trained: train.Trained) -> None:
    given = SETS["made"][0]
    changed = given.values.copy()
    changed[450:] += 50
    one = scoring.score_one(trained.network, given)
    from dataclasses import replace

    two = scoring.score_one(trained.network, replace(given, values=changed))
    np.testing.assert_allclose(one.score[:450], two.score[:450], rtol=1e-9)
