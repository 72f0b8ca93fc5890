"""What operators set, and who may do what: never written without an entry on the audit trail.

The entry is made by the receivers in audit/signals.py, for whatever saves or deletes a row: the
admin, the API, a shell, a fixture, a cascade. A queryset's `update` would pass them by, so that it
saves row by row here, and the bulk methods are refused. SQL and migrations can't be caught:
`manage.py verify_audit` names the rows that they changed.
"""

from __future__ import annotations

from typing import Any, NoReturn

from django.db import NotSupportedError, models, transaction


class AuditedQuerySet(models.QuerySet[Any]):
    def update(self, **changes: Any) -> int:
        """Save row by row, so that each change has its entry. The number of rows."""
        with transaction.atomic():
            rows = list(self)
            for row in rows:
                for name, value in changes.items():
                    setattr(row, name, value)
                row.save(update_fields=list(changes))
        return len(rows)

    update.alters_data = True  # type: ignore[attr-defined]

    def bulk_create(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused. Raises NotSupportedError."""
        raise NotSupportedError(REFUSED)

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused. Raises NotSupportedError."""
        raise NotSupportedError(REFUSED)


REFUSED = "it would leave no entry on the audit trail: save each row"


class Audited(models.Model):
    """A row and its entry are committed together, or neither is."""

    objects = AuditedQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        with transaction.atomic():
            super().save(*args, **kwargs)

    def entry_kind(self, what: str) -> str:
        """The kind of an entry about it; `what` is added, changed or deleted."""
        return f"{self._meta.verbose_name} {what}"
