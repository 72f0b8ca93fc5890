"""An expected refusal of the API. A module of its own: parsers that DRF loads early raise it."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from rest_framework import exceptions

FieldError = dict[str, str]


class Problem(exceptions.APIException):
    """An expected refusal. `kind` names it for programs: `type` becomes urn:kubewise:KIND."""

    def __init__(
        self, status: HTTPStatus, kind: str, detail: str, errors: Sequence[FieldError] = ()
    ) -> None:
        super().__init__(detail)
        self.status_code = status
        self.kind = kind
        self.errors = list(errors)
