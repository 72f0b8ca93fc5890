import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kubewise_site.settings")
application = get_wsgi_application()

from kubewise_site.core.garbage_collector import settle_garbage  # noqa: E402 the apps are loaded by now

settle_garbage()
