"""The fields that we read of classes, policies and certificates; see core.py."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar

import msgspec

from detection.kubernetes.objects.core import (
    Condition,
    Count,
    Labels,
    ManagedMetadata,
    Object,
    Part,
    Selector,
)

Time = Annotated[datetime, msgspec.Meta(tz=True)]


class IngressClass(Object, frozen=True):
    KIND: ClassVar[str] = "IngressClass"


class PolicyPeer(Part, frozen=True):
    """`ip_block`: whether an address is inside is not asked."""

    pod_selector: Selector | None = None
    namespace_selector: Selector | None = None
    ip_block: dict[str, Any] | None = None


class PolicyPort(Part, frozen=True):
    port: Count | str | None = None
    end_port: Count | None = None
    protocol: str = "TCP"


class PolicyRule(Part, frozen=True):
    """`from` of an ingress rule, `to` of an egress rule; neither means everybody."""

    sources: tuple[PolicyPeer, ...] = msgspec.field(name="from", default=())
    to: tuple[PolicyPeer, ...] = ()
    ports: tuple[PolicyPort, ...] = ()


class NetworkPolicySpec(Part, frozen=True):
    pod_selector: Selector = Selector()
    policy_types: tuple[str, ...] = ()
    ingress: tuple[PolicyRule, ...] = ()
    egress: tuple[PolicyRule, ...] = ()


class NetworkPolicy(Object, frozen=True):
    KIND: ClassVar[str] = "NetworkPolicy"
    metadata: ManagedMetadata = ManagedMetadata()
    spec: NetworkPolicySpec = NetworkPolicySpec()


class CertificateSpec(Part, frozen=True):
    secret_name: str = ""
    common_name: str = ""
    dns_names: tuple[str, ...] = ()


class CertificateStatus(Part, frozen=True):
    conditions: tuple[Condition, ...] = ()
    not_after: Time | None = None
    not_before: Time | None = None


class Certificate(Object, frozen=True):
    """cert-manager's."""

    KIND: ClassVar[str] = "Certificate"
    spec: CertificateSpec = CertificateSpec()
    status: CertificateStatus = CertificateStatus()


class MeshSelector(Part, frozen=True):
    match_labels: Labels = {}


class MeshMtls(Part, frozen=True):
    mode: str = ""


class MeshPolicySpec(Part, frozen=True):
    """Without a selector it holds for its whole namespace."""

    selector: MeshSelector | None = None
    action: str = ""
    mtls: MeshMtls | None = None


class AuthorizationPolicy(Object, frozen=True):
    """Istio's."""

    KIND: ClassVar[str] = "AuthorizationPolicy"
    metadata: ManagedMetadata = ManagedMetadata()
    spec: MeshPolicySpec = MeshPolicySpec()


class PeerAuthentication(Object, frozen=True):
    """Istio's."""

    KIND: ClassVar[str] = "PeerAuthentication"
    metadata: ManagedMetadata = ManagedMetadata()
    spec: MeshPolicySpec = MeshPolicySpec()


MeshPolicy = AuthorizationPolicy | PeerAuthentication
