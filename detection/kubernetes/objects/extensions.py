"""The fields that we read of what extends the API server: admission webhooks and API services."""

from __future__ import annotations

from typing import ClassVar

from detection.kubernetes.objects.core import Condition, ManagedMetadata, Object, Part


class ServiceReference(Part, frozen=True):
    namespace: str = ""
    name: str = ""


class ClientConfig(Part, frozen=True):
    """`service` None: it is reached by a URL."""

    service: ServiceReference | None = None


class Webhook(Part, frozen=True):
    name: str = ""
    client_config: ClientConfig = ClientConfig()


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
