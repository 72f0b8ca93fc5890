"""Paths below /api/v1/ that read what detection measures."""

from detection.api import (
    views,
    views_alerts,
    views_anomalies,
    views_queries,
    views_versions,
    views_watched,
)
from kubewise_site.core.rest.views import with_and_without_slash

VERSION = "metrics/model/versions/<slug:version>"

urlpatterns = [
    *with_and_without_slash("alerts", views_alerts.AlertsView.as_view(), "alerts"),
    *with_and_without_slash("watched", views_watched.WatchedView.as_view(), "watched"),
    *with_and_without_slash("metrics/", views.MetricsView.as_view(), "metrics"),
    *with_and_without_slash(
        "metrics/queries", views_queries.QueriesView.as_view(), "metric-queries"
    ),
    *with_and_without_slash(
        "metrics/queries/<slug:name>", views_queries.QueryView.as_view(), "metric-query"
    ),
    *with_and_without_slash(
        "metrics/anomalies", views_anomalies.AnomaliesView.as_view(), "metric-anomalies"
    ),
    *with_and_without_slash("metrics/model/info", views.ModelInfoView.as_view(), "model-info"),
    *with_and_without_slash(
        "metrics/model/versions", views_versions.VersionsView.as_view(), "model-versions"
    ),
    *with_and_without_slash(VERSION, views_versions.VersionView.as_view(), "model-version"),
    *with_and_without_slash(
        f"{VERSION}/use", views_versions.UseView.as_view(), "model-version-use"
    ),
    *with_and_without_slash(
        "metrics/model/back", views_versions.BackView.as_view(), "model-version-back"
    ),
]
