# PromptLab in two commands: `make run` and `make test`. Needs Python 3.11 or newer, and make.

SHELL := /bin/sh
ROOT := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
PYTHON := .venv/bin/python
INSTALL := $(PYTHON) -P promptlab/installing.py

ifneq ($(ROOT),.)
# Called as `make -f somewhere/Makefile`: paths below are those of the checkout.
.PHONY: $(or $(MAKECMDGOALS),help)
$(or $(MAKECMDGOALS),help):
	@exec $(MAKE) --no-print-directory -C "$(ROOT)" $@
else

.DEFAULT_GOAL := help

# A venv whose Python has gone (upgraded, or the checkout came from elsewhere) is made again.
ifneq ($(shell $(PYTHON) -c 'print("works")' 2>/dev/null),works)
$(shell rm -f .venv/made .venv/*.done)
endif

.PHONY: help run test environments lint format bench messages

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

run: .venv/requirements.done ## Start PromptLab on http://localhost:3000 (PORT, PROMPTLAB_DATA and .env.example's variables)
	@exec $(PYTHON) manage.py up --with-parent

test: ## Run all tests against real PostgreSQL, Valkey, SDKs and Chromium
	@$(MAKE) --no-print-directory -j 2 .venv/requirements-dev.done environments
	@# Real servers, SDKs and browsers on a busy machine: what failed is tried once more, alone; what is wrong fails twice,
	@# and what passes only then is named. Runs that end otherwise (interrupted, broken) are not tried again.
	@# One worker more than processors: much of the time a test waits, for a beat, a timeout or a page.
	@$(PYTHON) -m pytest -n 3 || { outcome=$$?; [ $$outcome -eq 1 ] || exit $$outcome; \
	  echo "Some tests failed. They are tried once more, alone:"; \
	  $(PYTHON) -m pytest --last-failed --last-failed-no-failures none -rap || exit; \
	  echo "The tests named PASSED above failed at first: they are unsteady and want mending."; }

environments: .venv/made
	@$(PYTHON) -m tests.sdk.environments

lint: .venv/requirements-dev.done ## Check style, types and the floors between the apps
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m mypy .
	@.venv/bin/lint-imports

format: .venv/requirements-dev.done ## Put the code into its form
	@$(PYTHON) -m ruff check --fix --exit-zero --quiet .
	@$(PYTHON) -m ruff format .

bench: .venv/requirements-dev.done ## Measure speed, memory and start times
	@$(PYTHON) -m benchmarks

messages: .venv/requirements-dev.done ## Collect the texts to translate into locale/ (needs gettext) and compile them
	@$(PYTHON) manage.py makemessages --locale ru --no-obsolete --no-location --ignore .venv --ignore .venvs --ignore data --ignore tests
	@$(PYTHON) -c "import polib; polib.pofile('locale/ru/LC_MESSAGES/django.po').save_as_mofile('locale/ru/LC_MESSAGES/django.mo')"

.venv/requirements.done: requirements.txt | .venv/made
	@echo "Installing requirements (about a minute the first time)…"
	@$(INSTALL) requirements.txt
	@touch $@

.venv/requirements-dev.done: requirements-dev.txt .venv/requirements.done
	@echo "Installing what the tests need…"
	@$(INSTALL) requirements-dev.txt
	@touch $@

# A pip of today needs half the time of the one that a Python brings; where it cannot be had that one will do.
PIP := pip==26.3

# A name found on the path may be a shim that leads nowhere, and Debian splits venv off: so each is tried.
.venv/made:
	@for python in python3.13 python3.12 python3.14 python3.11 python3 python; do \
	  if $$python -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    $$python -m venv --clear .venv || continue; \
	    $(PYTHON) -m pip install --quiet --disable-pip-version-check --no-input $(PIP) 2>/dev/null; \
	    touch $@ && exit 0; \
	  fi; \
	done; \
	for python in python3.13 python3.12 python3.14 python3.11 python3 python; do \
	  if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "Python lacks its venv module: install it (on Debian and Ubuntu: apt install python3-venv)." >&2; exit 1; \
	  fi; \
	done; \
	echo "PromptLab needs Python 3.11 or newer, and found none: install it from https://www.python.org/downloads/ or with your system's packages." >&2; \
	exit 1

endif
