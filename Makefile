# Two commands do everything: `make demo` and `make test`. They build .venv by themselves.
PYTHON ?= python3
BIN := .venv/bin
FROM_NPM := tests/emulate/node_modules/.ready tests/axe/node_modules/.ready

unexport PYTHONDONTWRITEBYTECODE  # a test run starts a hundred bots, and each would compile all of Spy anew

.PHONY: demo test check types compiled picture bench fuzz fuzz-api simulate chaos lock audit sbom clean

.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Spy needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V). Try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "Building .venv (about a minute, once)" >&2
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install -qq --disable-pip-version-check --no-compile --require-hashes --requirement requirements.lock
	@$(BIN)/pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: .venv/ready
	@$(BIN)/spy demo

# a GitHub that is not ours, and checks of accessibility; without npm the tests say that they lack them
$(FROM_NPM): tests/%/node_modules/.ready: tests/%/package-lock.json
	@if command -v npm >/dev/null; then npm ci --silent --no-audit --no-fund --ignore-scripts --prefix tests/$* && touch $@ \
	  || echo "npm could not install tests/$*; the tests go on without it" >&2; fi

test: .venv/ready $(FROM_NPM)
	@$(BIN)/pytest --numprocesses 4 --dist worksteal  # more than cores: half of the time of a test is waiting

check: .venv/ready
	@mkdir -p build
	@$(BIN)/ruff format --check --quiet bot plugins tests
	@$(BIN)/ruff check --quiet bot plugins tests
	@$(MAKE) --no-print-directory --jobs 3 types compiled $(FROM_NPM)
	@$(BIN)/lint-imports --no-logo >build/imports.txt 2>&1 || { cat build/imports.txt; exit 1; }
	@$(MAKE) --no-print-directory test

picture: .venv/ready $(FROM_NPM)  # the README's two, taken while the page is tried; needs Chromium
	@$(BIN)/pytest -n0 tests/e2e/test_page.py
	@cp build/screens/story.png build/screens/phone.png docs/

types: .venv/ready
	@$(BIN)/mypy --no-error-summary

compiled: .venv/ready  # once, beside the types: each of four test processes would compile all tests for itself
	@mkdir -p build
	@$(BIN)/pytest --collect-only -qq >build/collected.txt 2>&1 || { cat build/collected.txt; exit 1; }

bench: .venv/ready
	@$(BIN)/python -m tests.bench

fuzz: .venv/ready  # 100,000 inputs, ten minutes at most; SEED=1 repeats a run
	@$(BIN)/python -m tests.fuzz $(if $(SEED),--seed $(SEED))

fuzz-api: .venv/ready  # the API with requests made from its own document, for some minutes
	@$(BIN)/python -m tests.support.api_document

simulate: .venv/ready  # the whole bot in simulated time, ten minutes; SEED=1 repeats a world
	@$(BIN)/python -m tests.simulation $(if $(SEED),--seed $(SEED) --log)

chaos: .venv/ready  # 1,000 incidents among kills, cuts and faults, ten minutes at most; SEED=1 repeats a run
	@$(BIN)/python -m tests.chaos $(if $(SEED),--seed $(SEED))

lock:  # the locks have hashes and no index, so that they work behind any mirror: everything, running, building the image
	@for each in "requirements --all-extras" "requirements-run --constraint requirements.lock" \
	    "requirements-build --extra build --constraint requirements.lock"; do set -- $$each; \
	  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	    --custom-compile-command 'make lock' --output-file $$1.lock $$2 $$3 $$4 $$5 pyproject.toml || exit 1; done

audit: .venv/ready  # known weaknesses in what Spy runs with; needs a network
	@$(BIN)/python -m tests.audit requirements-run.lock

sbom: .venv/ready  # what Spy runs with, in CycloneDX's form
	@mkdir -p build
	@$(BIN)/cyclonedx-py requirements --output-reproducible --output-file build/sbom.json requirements-run.lock
	@echo build/sbom.json

clean:
	rm -rf .venv build tests/*/node_modules .mypy_cache .ruff_cache
