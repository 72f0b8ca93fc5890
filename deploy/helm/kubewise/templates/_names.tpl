{{- define "kubewise.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | replace "." "-" | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" (.Release.Name | replace "." "-") $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{/* What belongs to no namespace carries namespace and release: two releases never share it. */}}
{{- define "kubewise.clusterName" -}}
{{- printf "%s.%s" .Release.Namespace (include "kubewise.fullname" .) -}}
{{- end }}

{{- define "kubewise.selector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "kubewise.labels" -}}
{{ include "kubewise.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: kubewise
{{- end }}

{{/* dict root, image: one global registry, so that a mirror is one value. */}}
{{- define "kubewise.image" -}}
{{- $registry := default .image.registry .root.Values.global.imageRegistry -}}
{{- $tag := default (printf "%s%s" .image.tagPrefix .root.Chart.AppVersion) .image.tag -}}
{{- $name := ternary (printf "%s/%s" $registry .image.repository) .image.repository (ne $registry "") -}}
{{- ternary (printf "%s@%s" $name .image.digest) (printf "%s:%s" $name $tag) (ne .image.digest "") -}}
{{- end }}

{{- define "kubewise.actAccount" -}}
system:serviceaccount:{{ .Release.Namespace }}:{{ include "kubewise.fullname" . }}-act
{{- end }}
