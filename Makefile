# make demo    show awsexec at work against a fake AWS on this machine
# make test    the tests, with coverage
# make fuzz    the tests with made-up cases, for ten minutes
# make lint    formatting, style and types
# make clean   remove what the others made
#
# A machine with Python 3.10 or newer, make and git is enough.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# on its own: the AWS CLI pins versions of what awsexec uses too
AWSCLI := $(VENV)/awscli
# more words for pytest: make test TESTS='-k mfa'
TESTS ?=

SOURCES := pyproject.toml setup.cfg setup.py README.md $(shell find awsexec -type f -not -name '*.py[co]')

.PHONY: all
all: lint test

# what the tests and the linters need; another PYTHON wants a make clean first
$(VENV)/made: setup.cfg
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet '.[test,lint]'
	touch $@

# The tests run the script as users have it, hence no editable install. Modules that
# are gone from the sources would live on in build/.
$(VENV)/installed: $(VENV)/made $(SOURCES)
	rm -rf build
	$(BIN)/pip install --quiet --no-deps --force-reinstall .
	touch $@

$(AWSCLI)/made: $(VENV)/made
	$(PYTHON) -m venv $(AWSCLI)
	$(AWSCLI)/bin/pip install --quiet awscli
	touch $@

.PHONY: demo
demo: $(VENV)/installed $(AWSCLI)/made
	env -i PATH="$(CURDIR)/$(BIN):$(CURDIR)/$(AWSCLI)/bin:$$PATH" tests/demo/demo.sh

# A failed run's data would count in the next one. The script, not -m: that would
# import awsexec from here.
.PHONY: test
test: $(VENV)/installed
	$(BIN)/coverage erase
	$(BIN)/coverage run $(BIN)/pytest -n auto $(TESTS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

# made-up files, words and cache entries, other ones each time round
FUZZ_MINUTES ?= 10

.PHONY: fuzz
fuzz: $(VENV)/installed
	end=$$(($$(date +%s) + 60 * $(FUZZ_MINUTES))); \
	while [ $$(date +%s) -lt $$end ]; do \
		HYPOTHESIS_EXAMPLES=2000 $(BIN)/pytest -q -n auto tests/generated || exit; \
	done

.PHONY: lint
lint: $(VENV)/made
	$(BIN)/black --check .
	$(BIN)/flake8
	$(BIN)/mypy

.PHONY: clean
clean:
	rm -rf $(VENV) build dist *.egg-info .coverage .coverage.* .mypy_cache .pytest_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
