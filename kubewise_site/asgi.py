import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kubewise_site.settings")
django.setup(set_prefix=False)

from kubewise_site.core.garbage_collector import settle_garbage  # noqa: E402 the apps are loaded
from kubewise_site.web.handler import PooledHandler  # noqa: E402

application = PooledHandler()
settle_garbage()
