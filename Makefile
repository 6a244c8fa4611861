# make demo      show awsexec at work against a fake AWS on this machine
# make test      the tests
# make coverage  which lines most of them run
# make fuzz      the tests with made-up cases, for ten minutes (FUZZ_MINUTES=10)
# make whose     whose credentials runs get, for an hour (WHOSE_MINUTES=60)
# make completions
#                write what is made from the table of options: the completion files,
#                the man page and docs/reference.md
# make seam      the tests of the SDK, with the oldest and the newest one allowed
# make lint      formatting, style, types and who imports whom
# make bench     how long it takes, beside Python's own start and the other tools
# make picture   docs/session.svg, from a session in a real terminal
# make dist      the sdist and the wheel, checked and tried
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
# mise, which docs/directory.md has a recipe for
MISE := $(VENV)/mise
MISE_PACKAGES := @jdxcode/mise@2026.9.15
NPM := $(shell command -v npm)
# more words for pytest: make test TESTS='-k mfa'
TESTS ?=
# more than there are processors, for some of the tests mostly wait
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(os.cpu_count() * 3)')
# how often make bench runs what is fast
RUNS ?= 200

# what says every few seconds what is going on
SAY := tests/demo/say.sh
# awsexec and what shows it, without what the tests and the linters need
DEMO := $(VENV)/demo

SOURCES := setup.cfg setup.py pyproject.toml README.md $(shell find awsexec completions -type f -not -name '*.py[co]')

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

$(AWSCLI)/made:
	@$(SAY) 'making an environment for the AWS CLI' $(PYTHON) -m venv $(AWSCLI)
	@$(SAY) 'installing the AWS CLI' $(AWSCLI)/bin/pip install --quiet awscli
	@touch $@

$(NODE)/made: $(VENV)/made
	$(NPM) install --silent --no-audit --no-fund --prefix $(NODE) $(NODE_PACKAGES)
	touch $@

$(MISE)/made: $(VENV)/made
	$(NPM) install --silent --no-audit --no-fund --prefix $(MISE) $(MISE_PACKAGES)
	touch $@

$(DEMO)/made:
	@$(SAY) 'making an environment for the demo' $(PYTHON) -m venv $(DEMO)
	@$(SAY) 'updating pip' $(DEMO)/bin/pip install --quiet --upgrade pip
	@$(SAY) 'installing what types the commands' $(DEMO)/bin/pip install --quiet 'pexpect>=4.9'
	@touch $@

$(DEMO)/installed: $(DEMO)/made $(SOURCES)
	@rm -rf build
	@$(SAY) 'installing awsexec' $(DEMO)/bin/pip install --quiet '.[keyring]'
	@touch $@

# what the demo and the picture run: no more than these
IN_DEMO := env -i PATH="$(CURDIR)/$(DEMO)/bin:$(CURDIR)/$(AWSCLI)/bin:$$PATH" python -m

.PHONY: demo
demo: $(DEMO)/installed $(AWSCLI)/made
	@$(IN_DEMO) tests.demo

.PHONY: picture
picture: $(DEMO)/installed $(AWSCLI)/made
	$(IN_DEMO) tests.demo.picture docs/session.svg

.PHONY: test
test: $(VENV)/installed $(AWSCLI)/made $(if $(NPM),$(NODE)/made $(MISE)/made)
	$(BIN)/pytest -n $(WORKERS) --dist worksteal $(TESTS)

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

# Other sequences of steps each time, on one core. It prints what it has done so far.
WHOSE_MINUTES ?= 60

.PHONY: whose
whose: $(VENV)/made
	AWSEXEC_MINUTES=$(WHOSE_MINUTES) $(BIN)/pytest -q tests/test_whose_credentials.py

# awsexec uses more of botocore than its public API. These tests run with both ends of the
# versions that setup.cfg allows.
SEAM_TESTS := tests/credentials/test_sdk_seam.py $(addprefix tests/process/test_, \
	sources.py sso.py login.py credential_process.py bad_answers.py)
OLDEST_SDK := $(shell sed -n 's/^ *boto3>=\([0-9.]*\),.*/\1/p' setup.cfg)
SDK_oldest := boto3==$(OLDEST_SDK) botocore==$(OLDEST_SDK)
SDK_newest := --upgrade boto3 botocore

$(VENV)/sdk-%/made: $(VENV)/made
	$(PYTHON) -m venv --clear $(VENV)/sdk-$*
	$(VENV)/sdk-$*/bin/pip install --quiet --upgrade pip
	$(VENV)/sdk-$*/bin/pip install --quiet '.[test]' $(SDK_$*)
	touch $@

# $(call seam,END): newest again each time, since another release may have come
define seam
	$(VENV)/sdk-$(1)/bin/pip install --quiet . $(SDK_$(1))
	$(VENV)/sdk-$(1)/bin/pip install --quiet --no-deps --force-reinstall .
	@$(VENV)/sdk-$(1)/bin/pip list 2>/dev/null | grep -E '^boto(3|core) '
	$(VENV)/sdk-$(1)/bin/pytest -n $(WORKERS) $(SEAM_TESTS)
endef

.PHONY: seam
seam: $(VENV)/installed $(VENV)/sdk-oldest/made $(VENV)/sdk-newest/made
	$(call seam,oldest)
	$(call seam,newest)

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

PACKAGES_awsexec := '.[keyring]'
$(VENV)/awsexec/made: $(VENV)/installed
# 0.18 fails with what came later
PACKAGES_aws-export-credentials := aws-export-credentials 'boto3<1.36'

.PHONY: bench
bench: $(patsubst %,$(VENV)/%/made,awsexec awsume aws-export-credentials awscli)
	$(BIN)/python -m tests.bench --runs $(RUNS) $(VENV)

# What could be uploaded. The wheel is tried in an environment that has nothing else.
$(VENV)/dist/made:
	$(PYTHON) -m venv $(VENV)/dist
	$(VENV)/dist/bin/pip install --quiet build twine
	touch $@

.PHONY: dist
dist: $(VENV)/dist/made
	rm -rf build dist
	$(VENV)/dist/bin/python -m build .
	$(VENV)/dist/bin/twine check --strict dist/*
	$(PYTHON) -m venv --clear $(VENV)/wheel
	$(VENV)/wheel/bin/pip install --quiet dist/*.whl
	$(VENV)/wheel/bin/awsexec --version
	$(VENV)/wheel/bin/python .ci/smoke.py

.PHONY: clean
clean:
	rm -rf $(VENV) build dist *.egg-info .coverage .coverage.* .mypy_cache .pytest_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
