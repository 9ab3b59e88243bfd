# Two commands do everything: `make demo` and `make test`. They build .venv by themselves.
PYTHON ?= python3
BIN := .venv/bin
FROM_NPM := tests/emulate/node_modules/.ready tests/axe/node_modules/.ready

unexport PYTHONDONTWRITEBYTECODE  # a test run starts a hundred bots, and each would compile all of Spy anew

.PHONY: demo test check picture bench lock clean

.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Spy needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V). Try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "Building .venv (about a minute, once)" >&2
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install -qq --disable-pip-version-check --require-hashes --requirement requirements.lock
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
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo >build/imports.txt 2>&1 || { cat build/imports.txt; exit 1; }
	@$(MAKE) --no-print-directory test

picture: .venv/ready $(FROM_NPM)  # the README's two, taken while the page is tried; needs Chromium
	@$(BIN)/pytest -n0 tests/e2e/test_page.py
	@cp build/screens/story.png build/screens/phone.png docs/

bench: .venv/ready
	@$(BIN)/python -m tests.bench

lock:  # the lock has hashes and no index, so that it works behind any mirror
	uv pip compile --quiet --universal --python-version 3.11 --all-extras --generate-hashes --no-emit-index-url --no-annotate \
	  --custom-compile-command 'make lock' --output-file requirements.lock pyproject.toml

clean:
	rm -rf .venv build tests/*/node_modules .mypy_cache .ruff_cache
