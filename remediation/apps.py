import sys

from django.apps import AppConfig

from kubewise_site.core.config.reading import WrongSetting


class RemediationConfig(AppConfig):
    name = "remediation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from remediation.audit import signals  # needs the models

        signals.connect_signals()
        _require_known_actions()


def _require_known_actions() -> None:
    """A misspelled action in a setting stops every process at its start, as a wrong value does."""
    from remediation.actions import IN_SETTINGS, configured  # reads settings

    try:
        for setting in IN_SETTINGS:
            configured(setting)
    except WrongSetting as error:
        sys.exit(f"KubeWise can't start: {error}")
