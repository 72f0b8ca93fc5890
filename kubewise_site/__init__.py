"""The Django project. The Celery application is loaded with it, so that tasks find it."""

from kubewise_site.celery import app as celery_app

__all__ = ["celery_app"]
