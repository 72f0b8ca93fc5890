"""The endings of a query that Prometheus names in `errorType`."""


class QueryError(Exception):
    """A query that Prometheus would refuse; `kind` is the answer's errorType."""

    kind = "execution"
    status = 422


class ParseError(QueryError):
    """The text is not PromQL; the message begins with Prometheus's `line:column: parse error:`."""

    kind = "bad_data"
    status = 400


class BadParameter(QueryError):
    """A parameter of the request is missing or malformed."""

    kind = "bad_data"
    status = 400


class ExecutionError(QueryError):
    """The query is well formed and its evaluation failed."""


class QueryTimeout(QueryError):
    """The evaluation took longer than it was allowed to."""

    kind = "timeout"
    status = 503
