# make demo      show awsexec at work against a fake AWS on this machine
# make test      the tests
# make coverage  which lines most of them run
# make fuzz      the tests with made-up cases, for ten minutes
# make completions
#                write what is made from the table of options: the completion files,
#                the man page and docs/reference.md
# make lint      formatting, style, types and who imports whom
# make bench     how long it takes, beside Python's own start and the other tools
# make clean     remove what the others made
#
# A machine with Python 3.10 or newer, make and git is enough.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# on its own: the AWS CLI pins versions of what awsexec uses too
AWSCLI := $(VENV)/awscli
# the SDK for JavaScript; later ones want a later Node.js than Debian has
NODE := $(VENV)/node
NODE_PACKAGES := @aws-sdk/client-sts@3.750.0
NPM := $(shell command -v npm)
# more words for pytest: make test TESTS='-k mfa'
TESTS ?=
# more than there are processors, for some of the tests mostly wait
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(os.cpu_count() * 3 // 2)')
# how often make bench runs what is fast
RUNS ?= 150

SOURCES := setup.cfg setup.py README.md $(shell find awsexec completions -type f -not -name '*.py[co]')

.PHONY: all
all: lint test

# what the tests and the linters need; another PYTHON wants a make clean first
$(VENV)/made: setup.cfg
	$(PYTHON) -m venv $(VENV)
	# the scripts of older ones import re, which takes as long as Python's start
	$(BIN)/pip install --quiet --upgrade pip
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

$(NODE)/made: $(VENV)/made
	$(NPM) install --silent --no-audit --no-fund --prefix $(NODE) $(NODE_PACKAGES)
	touch $@

.PHONY: demo
demo: $(VENV)/installed $(AWSCLI)/made
	env -i PATH="$(CURDIR)/$(BIN):$(CURDIR)/$(AWSCLI)/bin:$$PATH" tests/demo/demo.sh

.PHONY: test
test: $(VENV)/installed $(AWSCLI)/made $(if $(NPM),$(NODE)/made)
	$(BIN)/pytest -n $(WORKERS) $(TESTS)

# Which lines the tests run, those of child processes among them. It takes twice as long,
# and so goes without the tests that take long already.
# A failed run's data would count in the next one. The script, not -m: that would
# import awsexec from here.
.PHONY: coverage
coverage: $(VENV)/installed
	$(BIN)/coverage erase
	$(BIN)/coverage run $(BIN)/pytest -n $(WORKERS) -m 'not uncounted' $(TESTS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

# Made-up files, environments, words, cache entries and answers, other ones each time
# round; not by the process, which is slow.
FUZZ_MINUTES ?= 10

.PHONY: fuzz
fuzz: $(VENV)/installed
	end=$$(($$(date +%s) + 60 * $(FUZZ_MINUTES))); \
	while [ $$(date +%s) -lt $$end ]; do \
		HYPOTHESIS_EXAMPLES=500 $(BIN)/pytest -q -n $(WORKERS) -k 'not processes' \
			tests/generated || exit; \
	done

.PHONY: lint
lint: $(VENV)/made
	$(BIN)/black --check .
	$(BIN)/flake8
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: completions
completions: $(VENV)/made
	$(BIN)/python -m awsexec.options.generate

# What is measured is installed as pipx does it: on its own, and without setuptools,
# which Pythons before 3.12 bring along and which slows down every start.
$(VENV)/%/made: $(VENV)/made
	$(PYTHON) -m venv --clear $(VENV)/$*
	$(VENV)/$*/bin/pip install --quiet --upgrade pip
	$(VENV)/$*/bin/pip uninstall -qqq --yes setuptools
	$(VENV)/$*/bin/pip install --quiet $(or $(PACKAGES_$*),$*)
	touch $@

PACKAGES_awsexec := .
$(VENV)/awsexec/made: $(VENV)/installed
# 0.18 fails with what came later
PACKAGES_aws-export-credentials := aws-export-credentials 'boto3<1.36'

.PHONY: bench
bench: $(patsubst %,$(VENV)/%/made,awsexec awsume aws-export-credentials awscli)
	$(BIN)/python -m tests.bench --runs $(RUNS) $(VENV)

.PHONY: clean
clean:
	rm -rf $(VENV) build dist *.egg-info .coverage .coverage.* .mypy_cache .pytest_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
