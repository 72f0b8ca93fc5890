{{/* The components of the distributed form that these values ask for. */}}
{{- define "kubewise.enabled" -}}
{{- $names := list "web" "beat" "detect" "analyze" "consult" "act" -}}
{{- if .Values.train.enabled -}}{{- $names = append $names "train" -}}{{- end -}}
{{- toJson $names -}}
{{- end }}

{{/* Waits until the migrations of this version are there; the Job makes them. */}}
{{- define "kubewise.waitForMigrations" -}}
- name: wait-for-migrations
  image: {{ include "kubewise.image" (dict "root" .root "image" .root.Values.image) }}
  imagePullPolicy: {{ .root.Values.image.pullPolicy }}
  command: [sh, -c, "until python manage.py migrate --check >/dev/null 2>&1; do echo 'the database is not there or not migrated yet'; sleep 3; done"]
  env: {{- include "kubewise.records" .root | nindent 4 }}
    {{- include "kubewise.settings" .root | nindent 4 }}
  resources: {requests: {cpu: 10m, memory: 128Mi}, limits: {memory: 512Mi}}
  securityContext: {{- include "kubewise.containerSecurity" . | nindent 4 }}
  volumeMounts: {{- include "kubewise.mounts" . | nindent 4 }}
{{- end }}

{{/* dict root, name */}}
{{- define "kubewise.deployment" -}}
{{- $process := get (include "kubewise.processes" .root | fromYaml) .name -}}
{{- $values := get .root.Values.components .name -}}
{{- $token := ne $process.account "none" -}}
apiVersion: apps/v1
kind: Deployment
metadata: {{- include "kubewise.metadata" . | nindent 2 }}
spec:
  {{- if not (and (eq .name "analyze") .root.Values.autoscaling.enabled) }}
  replicas: {{ $values.replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  {{- if eq .name "beat" }}
  strategy: {type: Recreate} # two of it would publish every tick twice
  {{- end }}
  selector:
    matchLabels:
      {{- include "kubewise.selector" .root | nindent 6 }}
      app.kubernetes.io/component: {{ .name }}
  template:
    metadata: {{- include "kubewise.podMetadata" . | nindent 6 }}
    spec:
      serviceAccountName: {{ include "kubewise.fullname" .root }}-{{ $process.account }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: {{ $process.grace }}
      securityContext: {{- include "kubewise.podSecurity" . | nindent 8 }}
      {{- include "kubewise.placement" (dict "root" .root "values" $values) | nindent 6 }}
      {{- include "kubewise.spread" . | nindent 6 }}
      initContainers:
        {{- include "kubewise.waitForMigrations" . | nindent 8 }}
      containers:
        {{- include "kubewise.container" (dict "root" .root "name" .name "process" $process "token" $token "socket" false) | nindent 8 }}
      volumes:
        - {name: data, emptyDir: {sizeLimit: 256Mi}}
        - {name: tmp, emptyDir: {sizeLimit: 256Mi}}
        {{- if and .root.Values.train.enabled (has .name (list "web" "detect" "train")) }}
        - {name: models, persistentVolumeClaim: {claimName: {{ .root.Values.train.existingClaim }}}}
        {{- end }}
        {{- if $token }}
        {{- include "kubewise.tokenVolume" . | nindent 8 }}
        {{- end }}
        {{- with $values.extraVolumes }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
{{- end }}
