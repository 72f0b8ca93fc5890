"""What a node reads: settings of kubelet, kube-proxy, containerd and the network plugins."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.controlplane.certs import Pair
from tests.node.harness import images, network

Json = dict[str, Any]


@dataclass(frozen=True)
class Node:
    """One node; `group` is its cgroup below each hierarchy."""

    number: int
    folder: Path
    group: str
    authority: Path
    serving: Pair

    @property
    def name(self) -> str:
        return network.node_name(self.number)

    @property
    def address(self) -> str:
        return network.node_address(self.number)


def write(node: Node) -> None:
    for folder in ("lib/kubelet", "lib/containerd", "lib/cni", "log", "cni", "sysctl"):
        (node.folder / folder).mkdir(parents=True)
    files = {
        "kubelet.yaml": json.dumps(kubelet(node)),
        "kube-proxy.yaml": json.dumps(kube_proxy(node)),
        "containerd.toml": containerd(node.folder),
        "cni/10-pods.conflist": json.dumps(pod_network(node.number)),
        "resolv.conf": f"nameserver {network.DNS}\n",
    }
    for host, port in network.REGISTRIES.items():
        files[f"certs.d/{host}/hosts.toml"] = registry(port)
    for name, text in files.items():
        path = node.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def kubelet(node: Node) -> Json:
    """cgroupfs, because nothing like systemd runs; the disk is the machine's, so that how full it
    is must not matter; kube-proxy works with nftables, so that no chains of iptables are needed.
    """
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "failCgroupV1": False,
        "failSwapOn": False,
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": node.group,
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        "address": node.address,
        "healthzPort": 0,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(node.authority)},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(node.serving.certificate),
        "tlsPrivateKeyFile": str(node.serving.key),
        "clusterDomain": "cluster.local",
        "clusterDNS": [network.DNS],
        "resolvConf": str(node.folder / "resolv.conf"),
        "evictionHard": {
            "memory.available": "100Mi",
            "nodefs.available": "1%",
            "nodefs.inodesFree": "1%",
            "imagefs.available": "1%",
        },
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "makeIPTablesUtilChains": False,
        "nodeStatusReportFrequency": "30s",
        "volumePluginDir": "/var/lib/kubelet/volumeplugins",
        "oomScoreAdj": 0,
        "maxOpenFiles": 20000,
    }


def kube_proxy(node: Node) -> Json:
    """conntrack's limits are the whole machine's: they stay."""
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "nftables",
        "clientConnection": {"kubeconfig": str(node.folder / "kube-proxy.kubeconfig")},
        "hostnameOverride": node.name,
        "clusterCIDR": network.PODS,
        "conntrack": {"maxPerCore": 0, "min": 0},
        "healthzBindAddress": "127.0.0.1:10256",
        "metricsBindAddress": "127.0.0.1:10249",
    }


def containerd(folder: Path) -> str:
    """restrict_oom_score_adj: a sandbox asks for a score that a namespace's root may not give."""
    return f"""\
version = 2
[plugins."io.containerd.grpc.v1.cri"]
  restrict_oom_score_adj = true
  sandbox_image = "{images.PAUSE}"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    options = {{SystemdCgroup = false}}
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "{folder}/certs.d"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{folder}/cni"
"""


def pod_network(number: int) -> Json:
    subnet = {"subnet": network.pods_of(number)}
    addresses = {"type": "host-local", "ranges": [[subnet]], "routes": [{"dst": "0.0.0.0/0"}]}
    bridge = {"type": "bridge", "bridge": "cni0", "isGateway": True, "hairpinMode": True}
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    plugins = [bridge | {"ipMasq": False, "ipam": addresses}, ports]
    return {"cniVersion": "1.0.0", "name": "pods", "plugins": plugins}


def registry(port: int) -> str:
    """As the registry and as its mirror: what a mirror lacks is asked of the registry by https."""
    url = f"http://{network.GATEWAY}:{port}"
    return f'server = "{url}"\n[host."{url}"]\n  capabilities = ["pull", "resolve"]\n'
