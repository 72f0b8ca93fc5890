"""The order of incidents and the indexes for it, so that no list sorts or scans the table.

Lists are newest first by `first_seen`, which never changes; `last_seen` moves with every pass for
all that is open, so it stands in one index alone.
"""

from __future__ import annotations

from django.db.models import F, Index, Q
from django.db.models.functions import Lower

NEWEST = ("-first_seen", "-id")
BY_NAME = ("owner_name", *NEWEST)
FILTERED = {"status": "status", "severity": "severity", "cause": "cause",
            "namespace": "owner_namespace", "source": "source"}  # fmt: skip
# A beginning is found by these on PostgreSQL, whatever its collation; SQLite passes them over.
# PostgreSQL's order of names has two more indexes, made by migration 0003.
BEGINNING, TIME, NUMBER = "varchar_pattern_ops", "timestamptz_ops", "int8_ops"

INCIDENT_INDEXES = [
    # With the status, so that what is open is stepped over without reading its rows.
    Index(fields=[*NEWEST, "status"], name="incidents_newest"),
    *(Index(fields=[field, *NEWEST], name=f"incidents_by_{name}")
      for name, field in FILTERED.items()),
    Index(Lower("owner_kind"), F("first_seen").desc(), F("id").desc(), name="incidents_by_kind"),
    Index(fields=BY_NAME, name="incidents_by_name", opclasses=[BEGINNING, TIME, NUMBER]),
    Index(fields=["owner_namespace", *BY_NAME], name="incidents_by_place",
          opclasses=[BEGINNING, BEGINNING, TIME, NUMBER]),
    Index(fields=["owner_kind", "owner_name"]),
    Index(fields=["-last_seen", "-id"]),
    Index(fields=["status", "-closed_at"], name="incidents_by_end"),
    Index(fields=["severity", "status", *NEWEST], condition=Q(closed_at__isnull=True),
          name="incidents_still_open"),
]  # fmt: skip
