"""Playbooks of what keeps containers from starting: images, configuration, init containers."""

from __future__ import annotations

from detection.domain.causes import Cause
from detection.domain.facts import ConfigurationFacts, ImageFacts
from detection.domain.findings import Finding
from remediation.playbooks.base import (
    ASKED,
    BY_HAND,
    ESCALATE,
    LIKELY,
    NODES,
    NOOP,
    RESTARTS,
    ROLLBACK,
    SURE,
    Playbook,
    revision_borne,
    single_revision_borne,
)
from remediation.playbooks.wording import (
    container_text,
    edit_line,
    end_text,
    look_advice,
    namespace_flag,
    owner_text,
    quoted_text,
    release_advice,
    revision_text,
)

PLAYBOOKS: dict[Cause, Playbook] = {}
# It did, or it is not the registry that fails.
ANSWERED = frozenset({"rate limit", "untrusted certificate", "unknown host"})
ALL_READY = "All of it is ready"
KEEP_WHAT_RUNS = "Don't restart or drain: pods that run now could not pull their image again."


def _image_not_found(finding: Finding) -> str:
    if finding.facts.reason == "ErrImageNeverPull":
        return f"{quoted_text(finding.summary)}.{revision_text(finding)}"
    known = finding.facts.of(ImageFacts)
    if known.pull in ("unknown host", "missing or private"):
        return f"{quoted_text(finding.summary)}.{revision_text(finding)}"
    named = f"the image {quoted_text(known.image)}" if known.image else "the image"
    what = f"The registry does not have {named} that {owner_text(finding)} asks for."
    return what + revision_text(finding)


def _image_not_found_advice(finding: Finding) -> list[str]:
    if finding.facts.reason == "ErrImageNeverPull":
        return [f"Set imagePullPolicy to IfNotPresent: {edit_line(finding)}", *look_advice(finding)]
    known = finding.facts.of(ImageFacts)
    if known.pull == "unknown host":
        host = quoted_text(known.registry)
        correct = f"Is {host} spelt right? No other workload uses it, and it does not resolve."
        return [f"{correct} {edit_line(finding)}", *look_advice(finding)]
    correct = "Correct the tag, or push the image; another tag is never guessed."
    return [correct, *look_advice(finding)]


PLAYBOOKS[Cause.IMAGE_NOT_FOUND] = Playbook(
    mode=revision_borne,
    offers=(ROLLBACK, ESCALATE),
    bad=RESTARTS | {"scale"},
    diagnosis=_image_not_found,
    confidence=SURE,
    advice=_image_not_found_advice,
)


def _pull_unauthorized(finding: Finding) -> str:
    known = finding.facts.of(ImageFacts)
    if known.pull == "missing or private":
        return f"{quoted_text(finding.summary)}.{_secrets_text(known)}"
    named = f" for {quoted_text(known.image)}" if known.image else ""
    if not known.pull_secrets:
        return (
            f"The registry wants credentials{named}, and the pods name no imagePullSecrets: it was "
            f"asked without any ({owner_text(finding)})."
        )
    return (
        f"The registry refuses the credentials{named}: they are missing, wrong or expired "
        f"({owner_text(finding)})."
    )


def _secrets_text(known: ImageFacts) -> str:
    names = ", ".join(map(quoted_text, known.pull_secrets))
    return f" Its pull Secrets: {names}." if names else " The pods name no imagePullSecrets."


def _pull_unauthorized_advice(finding: Finding) -> list[str]:
    known = finding.facts.of(ImageFacts)
    if not known.pull_secrets:
        return [
            f"Check the image's name: {edit_line(finding)}",
            "If it is private, name a pull Secret in the Pod spec or in its ServiceAccount.",
            KEEP_WHAT_RUNS,
        ]
    if known.secrets_missing:
        names = ", ".join(map(quoted_text, known.pull_secrets))
        return [
            f"The kubelet could not read the pull Secret {names}: make it in this namespace, or "
            "correct its name. KubeWise never reads or writes Secrets.",
            KEEP_WHAT_RUNS,
        ]
    return [
        "Renew the Secret that imagePullSecrets names; it is never written by KubeWise.",
        KEEP_WHAT_RUNS,
    ]


PLAYBOOKS[Cause.PULL_UNAUTHORIZED] = Playbook(
    mode=BY_HAND,
    offers=(ESCALATE,),
    bad=RESTARTS | {"drain_node", "rollback"},
    diagnosis=_pull_unauthorized,
    confidence=LIKELY,
    advice=_pull_unauthorized_advice,
)


def _registry_down(finding: Finding) -> str:
    known = finding.facts.of(ImageFacts).pull
    first = "" if known in ANSWERED else "The registry does not answer. "
    return f"{first}{quoted_text(finding.summary)}"


def _registry_down_advice(finding: Finding) -> list[str]:
    if finding.facts.of(ImageFacts).pull == "untrusted certificate":
        return [
            "Give the nodes' runtime the CA of the registry, or renew its certificate.",
            KEEP_WHAT_RUNS,
        ]
    return ["Wait for the registry, or its rate limit, to recover.", KEEP_WHAT_RUNS]


PLAYBOOKS[Cause.REGISTRY_DOWN] = Playbook(
    mode=BY_HAND,
    offers=(ESCALATE, NOOP),
    bad=RESTARTS | {"drain_node", "rollback"},
    diagnosis=_registry_down,
    confidence=LIKELY,
    advice=_registry_down_advice,
)


def _wrong_architecture(finding: Finding) -> str:
    platform = finding.facts.of(ImageFacts).platform
    what = f"{container_text(finding)} of {owner_text(finding)} is built for another "
    than = f"platform than its node has ({platform})" if platform else "architecture than its node"
    return f"{what}{than}.{revision_text(finding)}"


def _wrong_architecture_advice(finding: Finding) -> list[str]:
    platform = finding.facts.of(ImageFacts).platform
    if platform:
        return [
            f"The image has no build for {platform}, operating system and processor: keep it on "
            "nodes that it is built for, by a nodeSelector on the node's labels "
            f"(kubectl get nodes -L kubernetes.io/os), or build it for them: {edit_line(finding)}"
        ]
    return [
        "Build the image for all architectures of the nodes: docker buildx build --platform …",
        f"Or keep it where it runs, by a node affinity on kubernetes.io/arch: {edit_line(finding)}",
    ]


PLAYBOOKS[Cause.WRONG_ARCH] = Playbook(
    mode=ASKED,
    offers=(ROLLBACK, ESCALATE),
    bad=NODES,
    diagnosis=_wrong_architecture,
    confidence=LIKELY,
    advice=_wrong_architecture_advice,
)


def _missing(finding: Finding) -> str:
    known = finding.facts.of(ConfigurationFacts)
    kind = known.missing_kind or "object"
    what = f"the {kind} {quoted_text(known.missing)}" if known.missing else f"a {kind}"
    return f"{owner_text(finding)} names {what}, which is not there or lacks a key." + (
        revision_text(finding)
    )


def _configmap_advice(finding: Finding) -> list[str]:
    name = finding.facts.of(ConfigurationFacts).missing
    return [
        f"Look for it: kubectl get configmap {name}{namespace_flag(finding)}",
        "Apply the ConfigMap from where it is kept; an empty one is never made.",
    ]


PLAYBOOKS[Cause.CONFIGMAP_MISSING] = Playbook(
    mode=revision_borne,
    offers=(ROLLBACK, ESCALATE),
    bad=RESTARTS,
    diagnosis=_missing,
    confidence=SURE,
    advice=_configmap_advice,
)


def _secret_advice(finding: Finding) -> list[str]:
    name = finding.facts.of(ConfigurationFacts).missing
    return [
        f"Look for it: kubectl get secret {name}{namespace_flag(finding)}",
        "Apply the Secret from where it is kept; its data is never invented, copied or shown.",
    ]


PLAYBOOKS[Cause.SECRET_MISSING] = Playbook(
    mode=single_revision_borne,
    offers=(ROLLBACK, ESCALATE),
    bad=RESTARTS,
    diagnosis=_missing,
    confidence=SURE,
    advice=_secret_advice,
)


def _refused(finding: Finding) -> str:
    return f"{quoted_text(finding.summary)}.{revision_text(finding)}"


def _refused_advice(finding: Finding) -> list[str]:
    return [f"Change what the kubelet refuses: {edit_line(finding)}", *look_advice(finding)]


PLAYBOOKS[Cause.CONTAINER_NOT_STARTED] = Playbook(
    mode=BY_HAND,
    offers=(ESCALATE,),
    bad=RESTARTS | {"scale"},
    diagnosis=_refused,
    confidence=SURE,
    advice=_refused_advice,
)


def _init_crash(finding: Finding) -> str:
    what = f"Init {container_text(finding)} of {owner_text(finding)}"
    return f"{what} {end_text(finding)}.{revision_text(finding)}"


def _init_crash_advice(finding: Finding) -> list[str]:
    """Where everything else of it is ready, the init container ran once already."""
    if not finding.facts.impact.startswith(ALL_READY):
        return release_advice(finding)
    return [
        *release_advice(finding)[:-1],
        "Its containers run: the init container was started again although it had ended before. "
        "A new pod runs it from the beginning.",
    ]


PLAYBOOKS[Cause.INIT_CRASH] = Playbook(
    mode=revision_borne,
    offers=(ROLLBACK, ESCALATE),
    bad=frozenset({"scale"}),
    futile=frozenset({"restart"}),
    diagnosis=_init_crash,
    confidence=SURE,
    advice=_init_crash_advice,
)


def _init_hang(finding: Finding) -> str:
    return (
        f"Init {container_text(finding)} of {owner_text(finding)} runs on and never ends: it "
        f"waits for something that does not come.{revision_text(finding)}"
    )


def _init_hang_advice(finding: Finding) -> list[str]:
    pod, container = finding.facts.pod, finding.facts.container
    return [
        f"What does it wait for: kubectl logs {pod} -n {finding.owner.namespace} -c {container}",
        "Repair what it waits for; a restart begins the same wait anew.",
    ]


PLAYBOOKS[Cause.INIT_HANG] = Playbook(
    mode=single_revision_borne,
    offers=(ROLLBACK, ESCALATE),
    bad=frozenset({"scale"}),
    futile=RESTARTS,
    diagnosis=_init_hang,
    confidence=LIKELY,
    advice=_init_hang_advice,
)
