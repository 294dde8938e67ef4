# Every target makes its own virtual environment; nothing but python3 and make is assumed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
REPORT := report
TESTS := -m pytest -n 2 --dist loadgroup

# Two workers share the cores: threads of LAPACK that wait for each other cost twice the time of one that works.
test test-floors test-newest test-sdist: export OMP_NUM_THREADS := 1
test test-floors test-newest test-sdist: export OPENBLAS_NUM_THREADS := 1

# For test-newest: Python 3.13 or 3.12 where one is installed.
NEWEST_PYTHON ?= $(firstword $(wildcard $(HOME)/.pyenv/versions/3.13.*/bin/python \
	$(HOME)/.pyenv/versions/3.12.*/bin/python /usr/bin/python3.13 /usr/bin/python3.12) $(PYTHON))
# The deprecations of others' oldest and newest releases are shown, not errors as for the pinned ones; and of the
# size of NumPy's arrays NumPy itself says that the warning is a false alarm.
OTHERS := -W default::DeprecationWarning -W default::FutureWarning \
	-W "ignore:numpy.ndarray size changed:RuntimeWarning"

SITE := docs/_build/html

.PHONY: report report-full gallery docs test tests test-slow test-gpu test-floors test-newest test-sdist check clean

report: $(VENV)/.run  ## the quick report: every study in its small form
	$(BIN)/tutelage report --output $(REPORT)

report-full: $(VENV)/.run  ## the full report
	$(BIN)/tutelage report --full --output $(REPORT)

gallery: $(VENV)/.run  ## the pictures of the README, drawn again
	$(BIN)/python docs/gallery.py

docs: $(VENV)/.docs  ## the documentation site: docs/_build/html/index.html; every cell is run, warnings are errors
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs $(SITE)
	@echo "written $(SITE)/index.html"

test: $(VENV)/.dev  ## the linters, the static types, the import contracts, every doctest and the tests, side by side
	$(MAKE) --no-print-directory -j 2 check tests

tests: $(VENV)/.dev
	$(BIN)/python $(TESTS)

check: $(VENV)/.dev  ## what can be said without running anything
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/basedpyright --pythonpath $(BIN)/python --level error

test-slow: $(VENV)/.dev  ## the long tests
	$(BIN)/python -m pytest -m slow

test-gpu: $(VENV)/.dev  ## the tests of products, spectra and descents on a card, where there is one
	$(BIN)/python -m pytest -m gpu -rs

test-floors: .venv-floors/.ready  ## the tests with the oldest release of everything that pyproject.toml allows
	.venv-floors/bin/python $(TESTS) $(OTHERS)

test-newest: .venv-newest/.ready  ## the tests with the newest release of everything, on the newest Python here
	.venv-newest/bin/python $(TESTS) $(OTHERS)

test-sdist: $(VENV)/.dev  ## the source distribution builds, and its tests pass where it is unpacked
	folder=$$(mktemp -d) && $(BIN)/python -m build --outdir $$folder . && tar -xzf $$folder/*.tar.gz -C $$folder \
		&& cd $$folder/tutelage-*/ && $(abspath $(BIN))/python $(TESTS) && rm -rf $$folder

$(VENV)/.run: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[all]"
	touch $@

$(VENV)/.dev: $(VENV)/.run
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[dev]"
	touch $@

$(VENV)/.docs: $(VENV)/.run
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[docs,torch]"
	touch $@

.venv-floors/.ready: pyproject.toml .ci/floors.py
	$(PYTHON) -m venv --clear .venv-floors
	$(PYTHON) .ci/floors.py > .venv-floors/floors.txt
	.venv-floors/bin/python -m pip install --quiet -c .venv-floors/floors.txt -e ".[test]"
	touch $@

.venv-newest/.ready: pyproject.toml
	$(NEWEST_PYTHON) -m venv --clear .venv-newest
	.venv-newest/bin/python -m pip install --quiet -e ".[test]"
	touch $@

clean:
	rm -rf .venv* $(REPORT) store build dist docs/_build docs/api
