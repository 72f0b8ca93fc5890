"""The table of settings, its file of examples, and what a wrong value says."""

import subprocess
import sys
from pathlib import Path

import pytest

from kubewise_site.core.config.reading import BASE_DIR, SETTINGS, WrongSetting, read_settings

NAMES_OF_THE_SPECIFICATION = [
    "PROMETHEUS_URL",
    "PROMETHEUS_TOKEN",
    "PROMETHEUS_CA",
    "GEMINI_API_KEY",
    "GEMINI_MODEL",
    "GEMINI_API_ENDPOINT",
    "DEFAULT_REMEDIATION_MODE",
    "LOG_LEVEL",
    "WORKER_SLEEP_INTERVAL_SECONDS",
    "PROMETHEUS_SCRAPE_INTERVAL_SECONDS",
    "ANOMALY_METRIC_WINDOW_SECONDS",
    "AUTOENCODER_MODEL_PATH",
    "AUTOENCODER_SCALER_PATH",
    "AUTOENCODER_THRESHOLD",
    "GEMINI_AUTO_QUERY_GENERATION",
    "GEMINI_AUTO_ANALYSIS",
    "GEMINI_AUTO_VERIFICATION",
    "AUTO_REMEDIATE_CRITICAL",
    "AUTO_REMEDIATE_PREDICTED",
    "VERIFICATION_DELAY_SECONDS",
    "CRITICAL_VERIFICATION_DELAY_SECONDS",
    "PREDICTION_HORIZON_MINUTES",
    "DRY_RUN",
    "PROTECTED_NAMESPACES",
    "BLACKLISTED_COMMANDS",
    "SAFE_CRITICAL_COMMANDS",
    "SAFE_PROACTIVE_COMMANDS",
    "KUBE_CONTEXT",
    "KUBE_READ_TOKEN_FILE",
    "KUBE_ACT_TOKEN_FILE",
    "CELERY_BROKER_URL",
    "DATABASE_URL",
    "SECRET_KEY",
    "ALLOWED_HOSTS",
    "CSRF_TRUSTED_ORIGINS",
    "PROMETHEUS_PORT",
]


def test_every_setting_that_users_know_is_in_the_table() -> None:
    assert set(NAMES_OF_THE_SPECIFICATION) <= {setting.name for setting in SETTINGS}


def test_defaults_are_themselves_allowed() -> None:
    values = read_settings({})
    assert values["PROMETHEUS_URL"] == "http://localhost:9090"
    assert values["DEFAULT_REMEDIATION_MODE"] == "MANUAL"
    assert values["DRY_RUN"] is False
    assert values["AUTOENCODER_THRESHOLD"] is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WORKER_SLEEP_INTERVAL_SECONDS", "0"),
        ("WORKER_SLEEP_INTERVAL_SECONDS", "15s"),
        ("DRY_RUN", "yes please"),
        ("DEFAULT_REMEDIATION_MODE", "AUTOMATIC"),
        ("PROMETHEUS_URL", "localhost:9090"),
        ("PROMETHEUS_PORT", "99999"),
        ("LOG_LEVEL", "LOUD"),
        ("CELERY_BROKER_URL", "amqp://localhost"),
        ("DATABASE_URL", "mysql://db/x"),
        ("AUTOENCODER_THRESHOLD", "high"),
        ("AUTOENCODER_THRESHOLD", "nan"),
        ("PROTECTED_NAMESPACES", "prod-*"),
        ("PROTECTED_NAMESPACES", "shop,Foo_Bar"),
        ("KUBEWISE_NAMESPACE", "Kube Wise"),
        ("PROMETHEUS_CA", "/there/is/no/such/ca.pem"),
    ],
)
def test_a_wrong_value_names_variable_value_and_what_is_allowed(name: str, value: str) -> None:
    with pytest.raises(WrongSetting) as caught:
        read_settings({name: value})
    assert name in str(caught.value)
    assert "must be" in str(caught.value)
    if name != "DATABASE_URL":
        assert repr(value) in str(caught.value)


def test_a_header_needs_a_name_and_is_not_shown() -> None:
    assert read_settings({"PROMETHEUS_HEADERS": "X-Scope-OrgID=team-a"})
    with pytest.raises(WrongSetting) as caught:
        read_settings({"PROMETHEUS_HEADERS": "Bearer hunter2"})
    assert "hunter2" not in str(caught.value)


def test_a_wrong_secret_is_not_shown() -> None:
    with pytest.raises(WrongSetting) as caught:
        read_settings({"DATABASE_URL": "mysql://user:hunter2@db/x"})
    assert "hunter2" not in str(caught.value)


def test_the_port_alone_means_localhost() -> None:
    assert read_settings({"PROMETHEUS_PORT": "9091"})["PROMETHEUS_URL"] == "http://localhost:9091"
    both = {"PROMETHEUS_PORT": "9091", "PROMETHEUS_URL": "http://prom:9090"}
    assert read_settings(both)["PROMETHEUS_URL"] == "http://prom:9090"


def test_an_empty_prometheus_url_is_scan_only_and_other_empty_values_are_defaults() -> None:
    values = read_settings({"PROMETHEUS_URL": "", "LOG_LEVEL": ""})
    assert values["PROMETHEUS_URL"] == ""
    assert values["LOG_LEVEL"] == "INFO"


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k-123\n")
    assert (
        read_settings({"GEMINI_API_KEY_FILE": str(tmp_path / "key")})["GEMINI_API_KEY"] == "k-123"
    )
    with pytest.raises(WrongSetting, match="GEMINI_API_KEY_FILE"):
        read_settings({"GEMINI_API_KEY_FILE": str(tmp_path / "missing")})


def test_a_wrong_value_stops_the_start_with_one_sentence() -> None:
    command = [sys.executable, "manage.py", "check"]
    environment = {"PATH": "/usr/bin:/bin", "DRY_RUN": "perhaps", "KUBEWISE_ENV_FILE": "/dev/null"}
    ended = subprocess.run(command, cwd=BASE_DIR, env=environment, capture_output=True, text=True)
    assert ended.returncode != 0
    assert "KubeWise can't start: DRY_RUN is 'perhaps'" in ended.stderr
    assert "Traceback" not in ended.stderr
