# Four verbs: demo, test, lint, bench. They need Python 3.11 or newer and make, nothing else.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test lint bench clean

TINY := safire:tiny remamber:tiny tfanet:tiny risam:tiny

demo: $(VENV)/installed  ## Run four tiny models on the embedded scenes and compare them.
	$(BIN)/rebench run $(TINY:%=--model %) --split scenes
	$(BIN)/rebench report $(subst :,-,$(TINY:%=runs/scenes-test/%)) --out runs/report --format html

test: $(VENV)/installed-dev  ## All tests.
	$(BIN)/python -m pytest

lint: $(VENV)/installed-dev  ## Style and types.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/installed-dev  ## What benchmarks/RESULTS.md records.
	$(BIN)/python benchmarks/trunk.py
	$(BIN)/python benchmarks/scan_cpu.py
	$(BIN)/rebench bench scan
	$(BIN)/rebench bench score
	$(BIN)/python benchmarks/statistics_validity.py

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install -q -c constraints.txt -e .
	touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
