# Everything runs from .venv. `make help` lists the targets.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
PORT ?= 7860

.PHONY: help setup run test test-all check format bench clean

help:
	@echo "make setup     .venv with everything (run, tests, checks)"
	@echo "make run       the app on http://127.0.0.1:$(PORT), with a demo study in ./study"
	@echo "make test      the test suite, real Chromium included"
	@echo "make test-all  the suite and the heavy tests"
	@echo "make check     ruff, format check, mypy"
	@echo "make bench     benchmarks beside their peers, into benchmarks/results/"

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; name it: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv .venv

.venv/.run-ready: requirements.txt constraints.txt | .venv/bin/python
	@echo "Installing packages into .venv: minutes, and up to 4 GB to download the first time."
	$(PIP) install --quiet -r requirements.txt -c constraints.txt
	@touch $@

.venv/.dev-ready: requirements-dev.txt .venv/.run-ready
	$(PIP) install --quiet -r requirements-dev.txt -c constraints.txt
	@touch $@

setup: .venv/.dev-ready

run: .venv/.run-ready
	$(BIN)/python app.py serve --port $(PORT)

test: .venv/.dev-ready
	sh .ci/browser
	$(BIN)/python -m pytest -m "not heavy"

test-all: .venv/.dev-ready
	sh .ci/browser
	$(BIN)/python -m pytest

check: .venv/.dev-ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy schemas pipelines exports annotator app.py

format: .venv/.dev-ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/.dev-ready
	sh benchmarks/run

clean:
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis build test-results
