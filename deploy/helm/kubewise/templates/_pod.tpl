{{/* Any UID may run it: nothing here names one, and only the mounted places are written. */}}
{{- define "kubewise.podSecurity" -}}
runAsNonRoot: true
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "kubewise.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* A token of one hour for one account, where the client library looks for it. */}}
{{- define "kubewise.tokenVolume" -}}
- name: kube-api-access
  projected:
    sources:
      - serviceAccountToken: {path: token, expirationSeconds: 3600}
      - configMap: {name: kube-root-ca.crt, items: [{key: ca.crt, path: ca.crt}]}
      - downwardAPI: {items: [{path: namespace, fieldRef: {fieldPath: metadata.namespace}}]}
{{- end }}

{{- define "kubewise.tokenMount" -}}
- {name: kube-api-access, mountPath: /var/run/secrets/kubernetes.io/serviceaccount, readOnly: true}
{{- end }}

{{- define "kubewise.mounts" -}}
- {name: data, mountPath: /data}
- {name: tmp, mountPath: /tmp}
{{- end }}

{{/* Trained models are shared where something is trained: web puts a version in force. */}}
{{- define "kubewise.modelsMount" -}}
{{- if and .root.Values.train.enabled (has .name (list "web" "detect" "train")) }}
- {name: models, mountPath: /app/models, readOnly: {{ eq .name "detect" }}}
{{- end }}
{{- end }}

{{/* Ready by the process's own row of health; web by its database. */}}
{{- define "kubewise.probes" -}}
{{- $check := list "python" "manage.py" "alive" .name -}}
{{- if eq .name "web" }}
{{- $headers := list -}}
{{- $settings := .root.Values.settings -}}
{{- if and (eq (toString $settings.HTTPS) "True") $settings.HTTPS_PROXY_HEADER -}}
{{- $headers = list (dict "name" $settings.HTTPS_PROXY_HEADER "value" "https") -}}
{{- end -}}
startupProbe:
  httpGet: {path: /healthz, port: http, httpHeaders: {{ toJson $headers }}}
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 60
readinessProbe:
  httpGet: {path: /readyz, port: http, httpHeaders: {{ toJson $headers }}}
  periodSeconds: 10
  timeoutSeconds: 10
livenessProbe: # one event loop answers it while all threads are busy; five minutes of silence end it
  httpGet: {path: /healthz, port: http, httpHeaders: {{ toJson $headers }}}
  periodSeconds: 30
  timeoutSeconds: 20
  failureThreshold: 10
{{- else -}}
startupProbe:
  exec: {command: {{ toJson $check }}}
  periodSeconds: 10
  timeoutSeconds: 30
  failureThreshold: 60
readinessProbe:
  exec: {command: {{ toJson $check }}}
  periodSeconds: 60
  timeoutSeconds: 30
livenessProbe: # a task ends after five minutes at most; only a main process silent for longer ends
  exec: {command: {{ toJson (concat $check (list "--silent-seconds" "900")) }}}
  periodSeconds: 120
  timeoutSeconds: 60
  failureThreshold: 3
{{- end }}
{{- end }}

{{/* dict root, name, process, token (whether the pod has one) */}}
{{- define "kubewise.container" -}}
{{- $values := get .root.Values.components .name -}}
- name: {{ .name }}
  image: {{ include "kubewise.image" (dict "root" .root "image" (ternary .root.Values.trainImage .root.Values.image (eq .name "train"))) }}
  imagePullPolicy: {{ .root.Values.image.pullPolicy }}
  command: {{ toJson .process.command }}
  env: {{- include "kubewise.environment" . | nindent 4 }}
    {{- if .socket }}
    {{- with .root.Values.components.standalone.extraEnv }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- end }}
  {{- if eq .name "web" }}
  ports: [{name: http, containerPort: 8000}]
  {{- end }}
  {{- include "kubewise.probes" . | nindent 2 }}
  resources: {{- toYaml $values.resources | nindent 4 }}
  securityContext: {{- include "kubewise.containerSecurity" . | nindent 4 }}
  volumeMounts:
    {{- include "kubewise.mounts" . | nindent 4 }}
    {{- include "kubewise.modelsMount" . | nindent 4 }}
    {{- if .socket }}
    - {name: socket, mountPath: /run/kubewise}
    {{- end }}
    {{- if and .token (ne .process.account "none") }}
    {{- include "kubewise.tokenMount" . | nindent 4 }}
    {{- end }}
    {{- with $values.extraVolumeMounts }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- if .socket }}
    {{- with .root.Values.components.standalone.extraVolumeMounts }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- end }}
{{- end }}

{{/* dict root, values: what places a pod, the same fields for every component. */}}
{{- define "kubewise.placement" -}}
{{- with .root.Values.global.imagePullSecrets }}
imagePullSecrets: {{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- with .values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}

{{/* Two replicas are on two nodes where there are two. */}}
{{- define "kubewise.spread" -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "kubewise.selector" .root | nindent 8 }}
        app.kubernetes.io/component: {{ .name }}
{{- end }}

{{/* dict root, name: metadata of one component's object. */}}
{{- define "kubewise.metadata" -}}
name: {{ include "kubewise.fullname" .root }}-{{ .name }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "kubewise.labels" .root | nindent 2 }}
  app.kubernetes.io/component: {{ .name }}
  {{- with (get .root.Values.components .name | default dict).labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with (get .root.Values.components .name | default dict).annotations }}
annotations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "kubewise.podMetadata" -}}
labels:
  {{- include "kubewise.labels" .root | nindent 2 }}
  app.kubernetes.io/component: {{ .name }}
  {{- with (get .root.Values.components .name | default dict).podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with (get .root.Values.components .name | default dict).podAnnotations }}
annotations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
