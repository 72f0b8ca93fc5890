"""Which path leads where."""

from django.contrib import admin
from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView

from detection.api.urls import urlpatterns as detection_urls
from kubewise_site.console import dashboard
from kubewise_site.console.notifications import notifications
from kubewise_site.core.rest.views import NoSuchPath, with_and_without_slash
from kubewise_site.ops import views
from remediation.admin.mode_and_stop import switches
from remediation.api.urls import urlpatterns as remediation_urls

v1 = [
    *with_and_without_slash("health/", views.HealthView.as_view(), "health"),
    *with_and_without_slash("setup/config", views.ConfigView.as_view(), "setup-config"),
    *with_and_without_slash("schema/", SpectacularAPIView.as_view(), "schema"),
    *with_and_without_slash("docs/", views.DocsView.as_view(url_name="schema"), "docs"),
    *detection_urls,
    *remediation_urls,
]

urlpatterns = [
    path("", views.RootView.as_view(), name="root"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", views.MetricsView.as_view(), name="exposition"),
    path("admin/fragment/", admin.site.admin_view(dashboard.fragment), name="dashboard-fragment"),
    path("admin/charts/", admin.site.admin_view(dashboard.charts), name="dashboard-charts"),
    path("admin/switches/", admin.site.admin_view(switches), name="switches"),
    path("admin/notifications/", admin.site.admin_view(notifications), name="notifications"),
    path("admin/", admin.site.urls),
    path("api/v1/", include(v1)),
    re_path(r"^api(/.*)?$", NoSuchPath.as_view()),
]

handler400 = "kubewise_site.core.rest.problems.bad_request"
handler403 = "kubewise_site.core.rest.problems.forbidden"
handler404 = "kubewise_site.core.rest.problems.not_found"
handler500 = "kubewise_site.core.rest.problems.server_error"
