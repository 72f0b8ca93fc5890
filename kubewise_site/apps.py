from django.apps import AppConfig


class SiteConfig(AppConfig):
    """Commands and pages that span both apps."""

    name = "kubewise_site"
