# sim2metal: `make demo` flies, `make test` proves it. Each sets the machine up first.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
S2M := $(BIN)/sim2metal
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
JOBS ?= 2
export MUJOCO_GL ?= egl

.PHONY: help setup demo test test-all check bench clean

help:
	@echo "make demo      train, judge, export, verify and fly a hover policy (writes runs/demo/report.html)"
	@echo "make test      the test suite"
	@echo "make test-all  the slow tests too"
	@echo "make check     ruff, pyright, import-linter, clang-format, C warnings as errors"
	@echo "make bench     measure the figures that the documentation quotes (five hours)"
	@echo "make setup     virtual environment, pinned packages, system packages (idempotent)"

setup: $(VENV)/.installed
	@$(S2M) doctor --install --quiet

$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -m venv $(VENV) || { \
	  echo "setup: python3 has no venv module; trying apt-get install python3-venv"; \
	  apt-get install -y -qq python3-venv && $(PYTHON) -m venv --clear $(VENV); } || { \
	  echo "setup: please install Python's venv module (Debian: python3-venv) and try again"; exit 1; }
	$(PIP) install -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup
	$(S2M) demo --out runs/demo

test: setup
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal -m "not slow"

test-all: setup
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	git ls-files '*.c' '*.h' | xargs -r $(BIN)/clang-format --dry-run -Werror
	$(BIN)/python -m pytest -q tests/firmware_export -m "not slow" -k "warnings or cpp or no_heap"

bench: setup
	$(PIP) install --editable '.[bench]' --no-build-isolation
	$(S2M) bench first-flight --json runs/bench/first-flight.json
	$(S2M) bench robot-side --json runs/bench/robot-side.json
	$(S2M) bench firmware --json runs/bench/firmware.json
	$(S2M) bench flight --json runs/bench/flight.json
	$(S2M) bench touch --json runs/bench/touch.json
	$(S2M) bench bodies --json runs/bench/bodies.json
	$(S2M) bench calibration --json runs/bench/calibration.json

clean:
	rm -rf build dist runs .pytest_cache .ruff_cache .hypothesis
