# The workbench in two commands: `make lab` and `make test`. `make help` lists the others.

PYTHON ?= python3
PORT ?= 8866

BIN = .venv/bin
PIP = $(BIN)/python -u -m pip --disable-pip-version-check --no-input
COUNT = awk '/^(Collecting|Processing) / { printf "\rtrnlab: %d packages", ++n; fflush() } END { if (n) print "" }'
SHELL = bash
.SHELLFLAGS = -o pipefail -c
MAKEFLAGS += --no-print-directory

.DEFAULT_GOAL := help
.PHONY: help lab jupyter test check fix validate bench charts site load audit gallery pictures lock chromium clean

help:  ## list what can be made
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

lab: .venv/lab  ## serve the workbench on localhost, PORT=8866 unless told
	@$(BIN)/trnlab open --no-browser --port $(PORT)

jupyter: .venv/lab  ## open the same notebooks in JupyterLab
	@$(BIN)/trnlab open --lab --port $(PORT)

test: .venv/test chromium  ## install what tests need and run them all
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest $(ARGS)

check: .venv/test  ## lint and type-check, change nothing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

fix: .venv/test  ## format, and repair what the linter can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

validate: .venv/lab  ## compare the model with published measurements
	@$(BIN)/trnlab validate

bench: .venv/test  ## time the engine and print ratios
	$(BIN)/python -m tests.bench

charts: .venv/test  ## prepare chart specifications and the Vega bundle anew
	$(BIN)/python -m widgets.chart.build

site: .venv/lab  ## write the lessons as files without a server into build/site
	@$(BIN)/trnlab export build/site

load: .venv/test  ## load a server with 40 visitors for ten minutes, ARGS="--minutes 2"
	$(BIN)/python -m tests.load $(ARGS)

audit: .venv/lab  ## ask for known weaknesses of the locked packages; OSV_URL names a mirror
	@test -x build/audit/bin/pip-audit || { $(PYTHON) -m venv build/audit && \
	  build/audit/bin/pip --disable-pip-version-check install --quiet pip-audit==2.10.1; }
	@build/audit/bin/pip-audit --strict --disable-pip --require-hashes -r lock/lab.txt \
	  $(if $(OSV_URL),-s osv --osv-url $(OSV_URL)) \
	  2> build/audit/said; answer=$$?; cat build/audit/said >&2; \
	case "$$answer $$(grep -cE '^(ERROR|Traceback)' build/audit/said)" in \
	  "0 0") echo "trnlab: no known weakness in the packages of lock/lab.txt" ;; \
	  *" 0") echo "trnlab: lock/lab.txt has packages with known weaknesses, listed above" >&2 ;; \
	  *) echo "trnlab: nothing was audited: the package index gave no answer; this says" \
	    "nothing about the packages. Try again where it is reached." >&2; exit 2 ;; \
	esac; exit $$answer

gallery: .venv/lab  ## write the start page's list of kernels anew
	$(BIN)/python -m widgets.profiler.listing

pictures: .venv/test chromium  ## take the pictures of the README and of the start page anew
	$(BIN)/python -m pytest -q tests/browser/test_pictures.py tests/browser/pictures.py
	cp tests/browser/screenshots/stepper.png docs/pictures/

lock: .venv/test  ## choose newer versions of everything that is installed
	$(PIP) install --quiet uv
	$(LOCK) --extra build -o lock/lab.txt
	$(LOCK) --extra build --extra test -c lock/lab.txt -o lock/test.txt

LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --upgrade \
	--generate-hashes --no-header --no-annotate pyproject.toml

clean:  ## remove the environment and all caches
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info

# The environment. The empty files .venv/lab and .venv/test say that an installation is complete.

.venv/lab: lock/lab.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "trnlab: needs Python 3.11 or newer, and $(PYTHON) is not;" \
	    "name one that is: make lab PYTHON=python3.12" >&2; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv .venv >/dev/null 2>&1 || { \
	  rm -rf .venv; echo "trnlab: $(PYTHON) cannot make an environment;" \
	    "on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "trnlab: installing the workbench into .venv (a minute, once)"
	@$(PIP) install --require-hashes -r lock/lab.txt | $(COUNT)
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.venv/test: lock/test.txt .venv/lab
	@echo "trnlab: installing what the tests need into .venv (a minute, once)"
	@$(PIP) install --require-hashes -r lock/test.txt | $(COUNT)
	@touch $@

BROWSERS = chromium chromium-browser google-chrome google-chrome-stable

chromium:
	@for name in "$$CHROMIUM" $(BROWSERS); do \
	  command -v "$$name" >/dev/null 2>&1 && exit 0; done; \
	if test "$$(id -u)" = 0 && command -v apt-get >/dev/null; then \
	  echo "trnlab: installing chromium"; apt-get -qq update && \
	  DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
	    chromium fonts-dejavu-core fonts-liberation >/dev/null; \
	else echo "trnlab: the browser tests need Chromium; install it," \
	  "or name it: make test CHROMIUM=/path/to/chrome" >&2; exit 1; fi
