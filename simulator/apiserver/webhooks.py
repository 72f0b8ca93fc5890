"""A settable validating webhook that denies, or that can't be called."""

from dataclasses import dataclass

from simulator.apimachinery.errors import ApiError, internal
from simulator.apimachinery.resources import Resource

UNREACHABLE = (
    'failed to call webhook: Post "https://{service}/validate?timeout=10s":'
    " no endpoints available for service"
)


@dataclass(frozen=True)
class Webhook:
    """`resources` are qualified names ("pods", "deployments.apps"); empty means all."""

    name: str
    mode: str = "deny"
    message: str = "not allowed"
    resources: tuple[str, ...] = ("pods",)
    operations: tuple[str, ...] = ("CREATE", "UPDATE")
    namespaces: tuple[str, ...] = ()

    def concerns(self, resource: Resource, operation: str, namespace: str) -> bool:
        return (
            (not self.resources or resource.qualified in self.resources)
            and operation in self.operations
            and (not self.namespaces or namespace in self.namespaces)
        )

    def error(self) -> ApiError:
        if self.mode == "deny":
            message = f'admission webhook "{self.name}" denied the request: {self.message}'
            return ApiError(403, "Forbidden", message)
        why = UNREACHABLE.format(service=self.name)
        return internal(f'failed calling webhook "{self.name}": {why}')


def check(webhooks: list[Webhook], resource: Resource, operation: str, namespace: str) -> None:
    for webhook in webhooks:
        if webhook.concerns(resource, operation, namespace):
            raise webhook.error()
