{{/*
Parts of the admission policy's expressions; a further line is indented as a folded text in
policy.yaml needs it. Objects are maps there, so that "everything but these
fields" can be said, and a field that a later Kubernetes adds is held, too.
*/}}

{{/* dict old, new, but (names): every other field is as it was. */}}
{{- define "kubewise.cel.same" -}}
({{ .new }}.all(k, k in {{ .but }} || (k in {{ .old }} && {{ .new }}[k] == {{ .old }}[k])) && {{ .old }}.all(k, k in {{ .but }} || k in {{ .new }}))
{{- end }}

{{/* dict old, new, but: the same of two maps that may be absent. */}}
{{- define "kubewise.cel.sameMap" -}}
{{ include "kubewise.cel.same" (dict "old" (printf "%s.orValue({})" .old) "new" (printf "%s.orValue({})" .new) "but" .but) }}
{{- end }}

{{- define "kubewise.cel.isWorkload" -}}
(request.resource.group == 'apps' && request.resource.resource in ['deployments', 'statefulsets', 'daemonsets'])
{{- end }}

{{- define "kubewise.cel.isAct" -}}
request.userInfo.username == '{{ include "kubewise.actAccount" . }}'
{{- end }}

{{/* One amount of `c` beside that of `o`: as it was, or between half and twice; a request may be new. */}}
{{- define "kubewise.cel.step" -}}
{{- $new := printf "c.?resources.?%s.?%s.orValue('')" .list .name -}}
{{- $old := printf "o.?resources.?%s.?%s.orValue('')" .list .name -}}
({{ $new }} == {{ $old }}{{ if eq .list "requests" }} || {{ $old }} == ''{{ end }} || ({{ $old }} != '' && {{ $new }} != ''
          && quantity({{ $new }}).compareTo(quantity({{ $old }}).add(quantity({{ $old }}))) <= 0
          && quantity({{ $old }}).compareTo(quantity({{ $new }}).add(quantity({{ $new }}))) <= 0))
{{- end }}

{{/* Container `c` runs what `o` runs, with amounts one step away at most. */}}
{{- define "kubewise.cel.runsTheSame" -}}
(c.?image == o.?image && c.?command == o.?command && c.?args == o.?args && c.?env == o.?env
{{- range $list := list "limits" "requests" }}{{ range $name := list "cpu" "memory" }}
          && {{ include "kubewise.cel.step" (dict "list" $list "name" $name) }}
{{- end }}{{ end }})
{{- end }}

{{/* The same for all containers, of which each has an old one by its name. */}}
{{- define "kubewise.cel.allRunTheSame" -}}
['containers', 'initContainers'].all(list, object.spec.template.spec[?list].orValue([]).all(c,
          oldObject.spec.template.spec[?list].orValue([]).exists(o, o.name == c.name && {{ include "kubewise.cel.runsTheSame" . }})))
{{- end }}

{{- define "kubewise.cel.restartOnly" -}}
['kubectl.kubernetes.io/restartedAt']
{{- end }}

{{- define "kubewise.cel.templateLabelsSame" -}}
{{ include "kubewise.cel.sameMap" (dict "old" "oldObject.spec.template.?metadata.?labels" "new" "object.spec.template.?metadata.?labels" "but" "[]") }}
          && {{ include "kubewise.cel.sameMap" (dict "old" "oldObject.spec.template.?metadata.?annotations" "new" "object.spec.template.?metadata.?annotations" "but" (include "kubewise.cel.restartOnly" .)) }}
{{- end }}

{{- define "kubewise.cel.escaped" -}}
string({{ . }}).replace('\\', '\\\\').replace('\n', '\\n').replace('\t', '\\t')
{{- end }}

{{/* Container `c` as the line that remediation/cluster/recorded_revisions.py writes. */}}
{{- define "kubewise.cel.line" -}}
(['container', {{ include "kubewise.cel.escaped" "c.name" }}, {{ include "kubewise.cel.escaped" "c.?image.orValue('')" }}]
          + c.?command.orValue([]).map(x, 'c=' + {{ include "kubewise.cel.escaped" "x" }})
          + c.?args.orValue([]).map(x, 'a=' + {{ include "kubewise.cel.escaped" "x" }})
          + c.?env.orValue([]).map(e, !has(e.valueFrom) ? 'e=' + e.name + '=' + {{ include "kubewise.cel.escaped" "e.?value.orValue('')" }}
          : has(e.valueFrom.secretKeyRef) ? 's=' + e.name + '=' + e.valueFrom.secretKeyRef.?name.orValue('') + '/' + e.valueFrom.secretKeyRef.key
          : has(e.valueFrom.configMapKeyRef) ? 'm=' + e.name + '=' + e.valueFrom.configMapKeyRef.?name.orValue('') + '/' + e.valueFrom.configMapKeyRef.key
          : has(e.valueFrom.fieldRef) ? 'f=' + e.name + '=' + e.valueFrom.fieldRef.fieldPath : '?')
          + [
{{- range $index, $place := list "limits.cpu" "limits.memory" "requests.cpu" "requests.memory" }}{{ if $index }}, {{ end }}'{{ $place }}=' + c.?resources.?{{ $place | replace "." ".?" }}.orValue('')
{{- end }}]).join('\t')
{{- end }}
