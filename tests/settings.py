"""The product's settings, whatever the environment or .env of the person who runs the tests."""

import os
import tempfile

from kubewise_site.core.config.reading import SETTINGS

for setting in SETTINGS:
    if setting.name not in ("DATABASE_URL", "KUBECONFIG"):
        os.environ.pop(setting.name, None)
os.environ["KUBEWISE_ENV_FILE"] = os.devnull
os.environ["KUBEWISE_DATA_DIR"] = tempfile.mkdtemp(prefix="kubewise-tests-")
os.environ["SECRET_KEY"] = "only-for-tests-0123456789-abcdefgh"

from kubewise_site.settings import *  # noqa: E402, F403
from tests.pairs.numbers import BROKER, CACHE, QUEUES  # noqa: E402

CELERY_BROKER_URL = f"redis+socket://{BROKER}?virtual_host={QUEUES}"
for alias in CACHES:  # noqa: F405
    CACHES[alias]["LOCATION"] = f"unix://{BROKER}?db={CACHE}"  # noqa: F405
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":  # noqa: F405
    DATABASES["default"]["ENGINE"] = "tests.pairs.strict_sqlite"  # noqa: F405
    # pytest-django knows a database in memory by Django's own engine, else by this name.
    DATABASES["default"]["TEST"] = {"NAME": ":memory:"}  # noqa: F405
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
KUBECONFIG = ""
STATIC_ROOT = os.environ["KUBEWISE_DATA_DIR"]  # exists; whitenoise warns of one that doesn't
