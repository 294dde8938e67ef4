# Every target makes its own virtual environment; nothing but python3 and make is assumed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
REPORT := report

.PHONY: report report-full gallery test test-slow check clean

report: $(VENV)/.run  ## the quick report: every study in its small form
	$(BIN)/tutelage report --output $(REPORT)

report-full: $(VENV)/.run  ## the full report
	$(BIN)/tutelage report --full --output $(REPORT)

gallery: $(VENV)/.run  ## the pictures of the README, drawn again
	$(BIN)/python docs/gallery.py

test: $(VENV)/.dev  ## the tests, the linters and the import contracts
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n 2 --dist loadgroup

test-slow: $(VENV)/.dev  ## the long tests
	$(BIN)/python -m pytest -m slow

check: $(VENV)/.dev  ## static types
	$(BIN)/basedpyright --pythonpath $(BIN)/python

$(VENV)/.run: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[all]"
	touch $@

$(VENV)/.dev: $(VENV)/.run
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[dev]"
	touch $@

clean:
	rm -rf $(VENV) $(REPORT) store build dist
