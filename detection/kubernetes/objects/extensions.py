"""The fields that we read of what extends the API server: admission webhooks and API services."""

from __future__ import annotations

from typing import ClassVar

from detection.kubernetes.objects.core import Condition, ManagedMetadata, Object, Part, Selector


class ServiceReference(Part, frozen=True):
    namespace: str = ""
    name: str = ""


class ClientConfig(Part, frozen=True):
    """`service` None: it is reached by a URL."""

    service: ServiceReference | None = None


class WebhookRule(Part, frozen=True):
    api_groups: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()

    @property
    def meets_new_pods(self) -> bool:
        groups = not self.api_groups or bool({"", "*"} & set(self.api_groups))
        made = bool({"CREATE", "*"} & set(self.operations))
        return groups and made and bool({"pods", "*", "*/*"} & set(self.resources))


class Webhook(Part, frozen=True):
    name: str = ""
    client_config: ClientConfig = ClientConfig()
    failure_policy: str = "Fail"
    rules: tuple[WebhookRule, ...] = ()
    namespace_selector: Selector | None = None
    object_selector: Selector | None = None

    @property
    def refuses_all_pods(self) -> bool:
        """Whether new pods of every namespace are refused while it does not answer."""
        picks = [self.namespace_selector or Selector(), self.object_selector or Selector()]
        all_of_them = not any(one.match_labels or one.match_expressions for one in picks)
        meets = any(rule.meets_new_pods for rule in self.rules)
        return self.failure_policy == "Fail" and all_of_them and meets


class ValidatingWebhookConfiguration(Object, frozen=True):
    KIND: ClassVar[str] = "ValidatingWebhookConfiguration"
    metadata: ManagedMetadata = ManagedMetadata()
    webhooks: tuple[Webhook, ...] = ()


class MutatingWebhookConfiguration(Object, frozen=True):
    KIND: ClassVar[str] = "MutatingWebhookConfiguration"
    metadata: ManagedMetadata = ManagedMetadata()
    webhooks: tuple[Webhook, ...] = ()


class APIServiceSpec(Part, frozen=True):
    service: ServiceReference | None = None


class APIServiceStatus(Part, frozen=True):
    conditions: tuple[Condition, ...] = ()


class APIService(Object, frozen=True):
    KIND: ClassVar[str] = "APIService"
    spec: APIServiceSpec = APIServiceSpec()
    status: APIServiceStatus = APIServiceStatus()


WebhookConfiguration = ValidatingWebhookConfiguration | MutatingWebhookConfiguration
