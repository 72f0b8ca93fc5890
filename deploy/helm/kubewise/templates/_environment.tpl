{{/* dict root, name: one variable from a Secret that exists; nothing where none is named. */}}
{{- define "kubewise.secretVariable" -}}
{{- $given := get .root.Values.secrets .name | default dict -}}
{{- $needed := has .name (include "kubewise.needed" .root | fromYamlArray) -}}
{{- $secret := $given.existingSecret | default (ternary .root.Values.existingSecret "" $needed) -}}
{{- if $secret }}
- name: {{ .name }}
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: {{ $given.key | default .name }}}}
{{- end -}}
{{- end }}

{{/* The secrets without which this form does not start. */}}
{{- define "kubewise.needed" -}}
{{- if eq .Values.form "distributed" }}
- SECRET_KEY
- {{ ternary "POSTGRES_PASSWORD" "DATABASE_URL" .Values.database.builtin }}
- {{ ternary "BROKER_PASSWORD" "CELERY_BROKER_URL" .Values.broker.builtin }}
{{- end }}
{{- end }}

{{- define "kubewise.requireSecrets" -}}
{{- range $name := include "kubewise.needed" . | fromYamlArray -}}
{{- $given := get $.Values.secrets $name | default dict -}}
{{- if not (or $given.existingSecret $.Values.existingSecret) -}}
{{- fail (printf "form distributed needs %s from a Secret that exists: set existingSecret, or secrets.%s.existingSecret" $name $name) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* Where database and broker are. In the standalone form both are in the pod. */}}
{{- define "kubewise.records" -}}
{{- $name := include "kubewise.fullname" . -}}
{{- if eq .Values.form "standalone" }}
- {name: DATABASE_URL, value: "sqlite:////data/kubewise.sqlite3"}
- {name: CELERY_BROKER_URL, value: "redis+socket:///run/kubewise/broker.sock"}
{{- else }}
{{- if .Values.database.builtin }}
{{- include "kubewise.secretVariable" (dict "root" . "name" "POSTGRES_PASSWORD") }}
- {name: DATABASE_URL, value: "postgres://kubewise:$(POSTGRES_PASSWORD)@{{ $name }}-postgres:5432/kubewise"}
{{- else }}
{{- include "kubewise.secretVariable" (dict "root" . "name" "DATABASE_URL") }}
{{- end }}
{{- if .Values.broker.builtin }}
{{- include "kubewise.secretVariable" (dict "root" . "name" "BROKER_PASSWORD") }}
- {name: CELERY_BROKER_URL, value: "redis://:$(BROKER_PASSWORD)@{{ $name }}-broker:6379/0"}
{{- else }}
{{- include "kubewise.secretVariable" (dict "root" . "name" "CELERY_BROKER_URL") }}
{{- end }}
{{- end }}
{{- end }}

{{/* What every process is told: no secret among it. Without act rights nothing is ever written. */}}
{{- define "kubewise.settings" -}}
{{- $fixed := dict "HOME" "/tmp" "KUBEWISE_DATA_DIR" "/data" "KUBEWISE_NAMESPACE" .Release.Namespace "LOG_FORMAT" "JSON" "CLUSTER_NAME" "kubernetes" "PROMETHEUS_URL" "" -}}
{{- $all := merge (dict) .Values.settings $fixed -}}
{{- if or (eq .Values.form "standalone") (not .Values.rights.act.enabled) -}}
{{- $_ := set $all "DRY_RUN" "True" -}}
{{- end -}}
{{- range $name, $value := $all }}
- {name: {{ $name }}, value: {{ $value | quote }}}
{{- end }}
{{- end }}

{{/* dict root, name, process: settings, records, and the secrets of this process alone. */}}
{{- define "kubewise.environment" -}}
{{- $values := get .root.Values.components .name | default dict -}}
{{- include "kubewise.records" .root }}
{{- include "kubewise.settings" .root }}
{{- range .process.holds }}
{{- include "kubewise.secretVariable" (dict "root" $.root "name" .) }}
{{- end }}
{{- if eq .name "web" }}
{{- $service := include "kubewise.fullname" .root }}
- {name: POD_IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
- {name: ALLOWED_HOSTS, value: {{ concat (list "127.0.0.1" "localhost" "$(POD_IP)" $service (printf "%s.%s" $service .root.Release.Namespace) (printf "%s.%s.svc" $service .root.Release.Namespace)) .root.Values.web.allowedHosts (compact (list (ternary .root.Values.ingress.host "" .root.Values.ingress.enabled) (ternary .root.Values.httpRoute.host "" .root.Values.httpRoute.enabled))) | join "," | quote }}}
{{- end }}
{{- with $values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}
