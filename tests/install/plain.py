"""`python -m tests.install.plain`: deploy/k8s/kubewise.yaml, one file from the chart."""

from __future__ import annotations

from kubewise_site.core.config.reading import BASE_DIR
from tests.install.helm import CHART, helm

FILE = BASE_DIR / "deploy" / "k8s" / "kubewise.yaml"
NAMESPACE = "kubewise"
HEAD = """\
# The chart's standalone form, rendered by `python -m tests.install.plain`: one pod that only reads.
#   kubectl apply -f deploy/k8s/kubewise.yaml
apiVersion: v1
kind: Namespace
metadata:
  name: kubewise
  labels: {pod-security.kubernetes.io/enforce: restricted}
"""


def text() -> str:
    made = helm("template", NAMESPACE, str(CHART), "-n", NAMESPACE, "--no-hooks")
    lines = (line.rstrip() for line in made.splitlines())
    return HEAD + "\n".join(line for line in lines if line) + "\n"


if __name__ == "__main__":
    FILE.write_text(text())
