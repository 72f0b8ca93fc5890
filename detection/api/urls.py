"""Paths below /api/v1/ that read what detection measures."""

from detection.api import views, views_alerts, views_queries, views_versions
from kubewise_site.core.rest.views import both

VERSION = "metrics/model/versions/<slug:version>"

urlpatterns = [
    *both("alerts", views_alerts.AlertsView.as_view(), "alerts"),
    *both("metrics/", views.MetricsView.as_view(), "metrics"),
    *both("metrics/queries", views_queries.QueriesView.as_view(), "metric-queries"),
    *both("metrics/queries/<slug:name>", views_queries.QueryView.as_view(), "metric-query"),
    *both("metrics/model/info", views.ModelInfoView.as_view(), "model-info"),
    *both("metrics/model/versions", views_versions.VersionsView.as_view(), "model-versions"),
    *both(VERSION, views_versions.VersionView.as_view(), "model-version"),
    *both(f"{VERSION}/use", views_versions.UseView.as_view(), "model-version-use"),
    *both("metrics/model/back", views_versions.BackView.as_view(), "model-version-back"),
]
