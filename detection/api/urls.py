"""Paths below /api/v1/ that read what detection measures."""

from detection.api import views
from kubewise_site.api import both

urlpatterns = [
    *both("metrics/", views.MetricsView.as_view(), "metrics"),
    *both("metrics/queries", views.QueriesView.as_view(), "metric-queries"),
    *both("metrics/model/info", views.ModelInfoView.as_view(), "model-info"),
]
