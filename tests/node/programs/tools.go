//go:build tools

// Package node names the programs whose versions go.mod pins; nothing imports it.
package node

import (
	_ "k8s.io/kube-state-metrics/v2"
	_ "k8s.io/kubernetes/cmd/kube-proxy"
	_ "k8s.io/kubernetes/cmd/kubelet"
)
