"""Paths below /api/v1/ that read what detection measures."""

from detection.api import views, views_alerts, views_queries
from kubewise_site.api import both

urlpatterns = [
    *both("alerts", views_alerts.AlertsView.as_view(), "alerts"),
    *both("metrics/", views.MetricsView.as_view(), "metrics"),
    *both("metrics/queries", views_queries.QueriesView.as_view(), "metric-queries"),
    *both("metrics/queries/<slug:name>", views_queries.QueryView.as_view(), "metric-query"),
    *both("metrics/model/info", views.ModelInfoView.as_view(), "model-info"),
]
