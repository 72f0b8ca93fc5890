"""HorizontalPodAutoscalers on cpu utilization."""

from copy import deepcopy
from datetime import datetime
from math import ceil

from simulator.apimachinery.clock import stamp
from simulator.apimachinery.object_selectors import selects
from simulator.apimachinery.objects import Obj, labels_of, name_of, namespace_of
from simulator.apimachinery.quantities import requests_of
from simulator.apimachinery.store import WorkKey
from simulator.controllers.common import Base, is_ready, with_condition

PERIOD_SECONDS = 15.0
TOLERANCE = 0.1
RANGE_TEXT = "the desired count is within the acceptable range"


class Autoscaler(Base):
    table, kind = "horizontalpodautoscalers.autoscaling", "HorizontalPodAutoscaler"
    watches = ("horizontalpodautoscalers.autoscaling",)

    def reconcile(self, key: WorkKey, now: datetime) -> float | None:
        scaler = self.held(key)
        target = self._target(scaler) if scaler else None
        if scaler is None:
            return None
        if target is None:
            self._unknown_target(scaler, now)
        else:
            self._scale(scaler, target, now)
        return PERIOD_SECONDS

    def _target(self, scaler: Obj) -> Obj | None:
        reference = scaler["spec"]["scaleTargetRef"]
        resource = self.cluster.catalogue.by_kind(reference["kind"])
        return (
            self.store.get(resource.table, namespace_of(scaler), reference["name"])
            if resource
            else None
        )

    def _unknown_target(self, scaler: Obj, now: datetime) -> None:
        text = (
            "the HPA controller was unable to get the target's current scale:"
            f' "{scaler["spec"]["scaleTargetRef"]["name"]}" not found'
        )
        conditions = (scaler.get("status") or {}).get("conditions") or []
        conditions = with_condition(
            conditions,
            now,
            type="AbleToScale",
            status="False",
            reason="FailedGetScale",
            message=text,
        )
        self.set_status(
            self.table, scaler, {**(scaler.get("status") or {}), "conditions": conditions}
        )

    def _usage_ratio(self, target: Obj) -> float | None:
        """Used ÷ requested cores of the ready pods; None when the pods request none."""
        pods = [
            p
            for p in self.store.items("pods", namespace_of(target))
            if selects(target["spec"].get("selector"), labels_of(p)) and is_ready(p)
        ]
        asked = sum(requests_of(p["spec"])[0] for p in pods)
        names = [
            (namespace_of(target), name_of(target), c["name"])
            for c in target["spec"]["template"]["spec"]["containers"]
        ]
        load = sum(self.cluster.behaviour.cores_of(n, self.cluster.clock.now()) for n in names)
        return load / asked if asked else None

    def _scale(self, scaler: Obj, target: Obj, now: datetime) -> None:
        spec, current = scaler["spec"], target["spec"].get("replicas", 1)
        goal = (
            (spec.get("metrics") or [{}])[0]
            .get("resource", {})
            .get("target", {})
            .get("averageUtilization", 80)
        )
        ratio = self._usage_ratio(target)
        if ratio is None or current == 0:
            self._write(scaler, current, current, None, _inactive(current, name_of(target)), now)
            return
        factor = ratio * 100 / goal
        wanted = current if abs(factor - 1) <= TOLERANCE else ceil(current * factor)
        low, high = spec.get("minReplicas", 1), spec["maxReplicas"]
        desired = max(low, min(high, wanted))
        limited = (
            "True",
            "TooFewReplicas",
            "the desired replica count is less than the minimum replica count",
        )
        if wanted > high:
            limited = (
                "True",
                "TooManyReplicas",
                "the desired replica count is more than the maximum replica count",
            )
        elif wanted >= low and not (wanted == low and factor < 1):
            limited = ("False", "DesiredWithinRange", RANGE_TEXT)
        self._apply(target, desired, now)
        self._write(scaler, current, desired, round(ratio * 100), {"ScalingLimited": limited}, now)

    def _apply(self, target: Obj, desired: int, now: datetime) -> None:
        if target["spec"].get("replicas", 1) == desired:
            return
        resource = self.cluster.catalogue.of_kind(target["apiVersion"], target["kind"])
        if resource is not None:
            self.change(
                resource.table, target, now, spec={**deepcopy(target["spec"]), "replicas": desired}
            )

    def _write(
        self,
        scaler: Obj,
        current: int,
        desired: int,
        percent: int | None,
        told: dict[str, tuple[str, str, str]],
        now: datetime,
    ) -> None:
        standard = {
            "AbleToScale": ("True", "ReadyForNewScale", "recommended size matches current size"),
            "ScalingActive": (
                "True",
                "ValidMetricFound",
                "the HPA was able to successfully calculate a replica count from cpu resource"
                " utilization (percentage of request)",
            ),
        }
        conditions = (scaler.get("status") or {}).get("conditions") or []
        for kind, (status, reason, text) in (standard | told).items():
            conditions = with_condition(
                conditions, now, type=kind, status=status, reason=reason, message=text
            )
        new: Obj = {
            "currentReplicas": current,
            "desiredReplicas": desired,
            "conditions": conditions,
        }
        if percent is not None:
            value = {"averageUtilization": percent, "averageValue": f"{percent}m"}
            new["currentMetrics"] = [
                {"type": "Resource", "resource": {"name": "cpu", "current": value}}
            ]
        if current != desired:
            new["lastScaleTime"] = stamp(now)
        elif "lastScaleTime" in (scaler.get("status") or {}):
            new["lastScaleTime"] = scaler["status"]["lastScaleTime"]
        self.set_status(self.table, scaler, new)


def _inactive(current: int, name: str) -> dict[str, tuple[str, str, str]]:
    if current == 0:
        text = "scaling is disabled since the replica count of the target is zero"
        return {"ScalingActive": ("False", "ScalingDisabled", text)}
    text = (
        "the HPA was unable to compute the replica count: failed to get cpu utilization:"
        f" missing request for cpu in container of Pod {name}"
    )
    return {"ScalingActive": ("False", "FailedGetResourceMetric", text)}
