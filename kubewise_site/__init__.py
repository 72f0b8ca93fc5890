"""The Django project. The Celery application is loaded with it, so that tasks find it.

Before numpy is: one thread in its matrix products. More of them wait for each other on a busy
machine, and a detect pass or `score_series` takes many times as long.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from kubewise_site.celery import app as celery_app

__all__ = ["celery_app"]
