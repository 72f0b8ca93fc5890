from django.apps import AppConfig


class AccessConfig(AppConfig):
    """Who may call the API: tokens, limits, and answers that are given once."""

    name = "kubewise_site.core.access"
    label = "access"
    verbose_name = "access"

    def ready(self) -> None:
        from kubewise_site.core.access import failed_logins

        failed_logins.listen()
