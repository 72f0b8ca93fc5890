"""One real API server for the live tests of the installation, without kubelets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.controlplane.up import Cluster, ControlPlane
from tests.controlplane.up import cluster as running_cluster

POLICIES = "admissionregistration.k8s.io/v1"
# An API server that has lost its last binding with ConfigMaps as parameters finds none from then
# on, until it is started anew (kubernetes/kubernetes#130887). This one stays, and matches nothing.
STAYS = f"""
apiVersion: {POLICIES}
kind: ValidatingAdmissionPolicy
metadata: {{name: stays}}
spec:
  paramKind: {{apiVersion: v1, kind: ConfigMap}}
  matchConstraints:
    resourceRules:
      - {{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [bindings]}}
  validations: [{{expression: "true"}}]
---
apiVersion: {POLICIES}
kind: ValidatingAdmissionPolicyBinding
metadata: {{name: stays}}
spec:
  policyName: stays
  validationActions: [Deny]
  paramRef: {{name: stays, namespace: default, parameterNotFoundAction: Allow}}
"""


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with running_cluster(ControlPlane(api_server_flags=("--allow-privileged=true",))) as running:
        running.kubectl("apply", "-f", "-", stdin=STAYS)
        yield running
