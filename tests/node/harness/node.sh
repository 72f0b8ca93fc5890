#!/bin/bash
# The first process of a node, in a network, mounts, processes, host name and IPC of its own.
# NODE_NAME, NODE_ADDRESS, NODE_FOLDER, NODE_GROUP, ROUTES, GATEWAY, PROGRAMS and IMAGES say which.
set -eu
hostname "$NODE_NAME"

# Directories of the machine that the programs write to are laid over with the node's own.
mount -t tmpfs -o mode=755 tmpfs /run
mount --bind "$NODE_FOLDER/lib" /var/lib
mount --bind "$NODE_FOLDER/log" /var/log
mount --bind "$NODE_FOLDER/resolv.conf" /etc/resolv.conf
# A kubelet sets these for the whole machine. It finds files that say already what it wants.
lay() {
  echo "$2" >"$NODE_FOLDER/sysctl/${1##*/}"
  mount --bind "$NODE_FOLDER/sysctl/${1##*/}" "/proc/sys/$1"
}
lay vm/overcommit_memory 1
lay vm/panic_on_oom 0
lay kernel/panic 10
lay kernel/panic_on_oops 1
lay kernel/keys/root_maxkeys 1000000
lay kernel/keys/root_maxbytes 25000000
mount --make-rshared / # what the kubelet mounts must reach its containers

# The kubelet does not make the root of its cgroups, and an empty cpuset takes no process.
for hierarchy in /sys/fs/cgroup/*/; do mkdir -p "$hierarchy$NODE_GROUP" || true; done
for group in "$(dirname "$NODE_GROUP")" "$NODE_GROUP"; do
  for file in cpuset.cpus cpuset.mems; do
    cat "/sys/fs/cgroup/cpuset/$file" >"/sys/fs/cgroup/cpuset$group/$file"
  done
done

until ip link show eth0 >/dev/null 2>&1; do sleep 0.05; done
ip link set lo up
ip addr add "$NODE_ADDRESS/24" dev eth0
ip link set eth0 up
ip route add default via "$GATEWAY"
sysctl -qw net.ipv4.ip_forward=1
for route in $ROUTES; do ip route add "${route%=*}" via "${route#*=}"; done

# Start a program again when it ends, as a service manager would; not while PROGRAM.stopped exists.
keep_running() {
  local program=$1
  shift
  while :; do
    while [ -e "$NODE_FOLDER/$program.stopped" ]; do sleep 0.2; done
    "$@" >>"$NODE_FOLDER/$program.log" 2>&1 || echo "$program ended: $?"
    sleep 1
  done
}

keep_running containerd containerd --config "$NODE_FOLDER/containerd.toml" &
until [ -S /run/containerd/containerd.sock ]; do sleep 0.05; done
for image in "$IMAGES"/*.tar; do ctr -n k8s.io images import --all-platforms "$image"; done
keep_running kube-proxy "$PROGRAMS/kube-proxy" --config "$NODE_FOLDER/kube-proxy.yaml" &
keep_running kubelet "$PROGRAMS/kubelet" --config "$NODE_FOLDER/kubelet.yaml" \
  --kubeconfig "$NODE_FOLDER/kubeconfig" --hostname-override "$NODE_NAME" --node-ip "$NODE_ADDRESS"
