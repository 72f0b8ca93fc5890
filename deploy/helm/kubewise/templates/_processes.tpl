{{/*
The processes: the commands of `make run` (kubewise_site/up/programs.py) and the secrets that each
holds (kubewise_site/up/secrets.py). tests/install compares both.
*/}}
{{- define "kubewise.worker" -}}
[python, -m, celery, -A, kubewise_site, worker, -n, "{{ .name }}@%h", -Q, "{{ .queues }}", --without-gossip, --without-mingle, --concurrency, "{{ .concurrency }}"]
{{- end }}

{{- define "kubewise.processes" -}}
web:
  account: none
  grace: 30
  holds: [SECRET_KEY, METRICS_TOKEN, PROMETHEUS_TOKEN, PROMETHEUS_HEADERS, NOTIFY_URLS]
  command: [python, -m, kubewise_site.web, --host, 0.0.0.0, --port, "8000", --workers, "2"]
beat:
  account: none
  grace: 30
  holds: []
  command: [python, -m, celery, -A, kubewise_site, beat, --pidfile, ""]
detect:
  account: read
  grace: 330
  holds: [PROMETHEUS_TOKEN, PROMETHEUS_HEADERS]
  command: {{ include "kubewise.worker" (dict "name" "detect" "queues" "scrape,detect" "concurrency" 2) }}
analyze:
  account: read
  grace: 330
  holds: [PROMETHEUS_TOKEN, PROMETHEUS_HEADERS]
  command: {{ include "kubewise.worker" (dict "name" "analyze" "queues" "analyze" "concurrency" 1) }}
consult:
  account: none
  grace: 330
  holds: [GEMINI_API_KEY, OPENAI_API_KEY, PROMETHEUS_TOKEN, PROMETHEUS_HEADERS]
  command: {{ include "kubewise.worker" (dict "name" "consult" "queues" "consult" "concurrency" 1) }}
act:
  account: act
  grace: 330
  holds: [GEMINI_API_KEY, OPENAI_API_KEY, PROMETHEUS_TOKEN, PROMETHEUS_HEADERS, NOTIFY_URLS]
  command: {{ include "kubewise.worker" (dict "name" "act" "queues" "act,verify,sweep,notify" "concurrency" 2) }}
train:
  account: none
  grace: 330
  holds: []
  command: {{ include "kubewise.worker" (dict "name" "train" "queues" "train" "concurrency" 1) }}
{{- end }}
