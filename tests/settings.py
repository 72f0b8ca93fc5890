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

IN_MEMORY = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
CACHES = {"default": IN_MEMORY, "limits": IN_MEMORY}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
KUBECONFIG = ""
STATIC_ROOT = os.environ["KUBEWISE_DATA_DIR"]  # exists; whitenoise warns of one that doesn't
