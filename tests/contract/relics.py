"""A resource whose history begins when it is made: its first versions are too old for every
watch.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.contract.target import eventually
from tests.controlplane.rest import Api

GROUP = "contract.kubewise.test"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
RELICS = f"/apis/{GROUP}/v1/relics"
DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": f"relics.{GROUP}"},
    "spec": {
        "group": GROUP,
        "scope": "Namespaced",
        "names": {"plural": "relics", "kind": "Relic"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object"}},
            }
        ],
    },
}


@contextmanager
def relics(api: Api) -> Iterator[str]:
    """Define the resource and yield the path of its list once that is served."""
    api.create(DEFINITIONS, DEFINITION).ok()
    eventually(lambda: api.get(RELICS).status == 200, "the new resource is served")
    yield RELICS
    api.delete(f"{DEFINITIONS}/relics.{GROUP}")
