# Every target does the set-up it needs; a fresh machine needs only Python 3.11+ and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
EMULATORS := .venv-emulators
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: setup emulators demo test test-long ui bench lint docs pictures lock

setup: $(INSTALLED)

# uv installs eight times faster than pip, but reads no configuration of pip's: where only pip knows the index, pip does it.
$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "market_data_assets needs Python 3.11 or newer; set PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	@awk '/^[a-z]/ { keep = /^uv==/ } keep' requirements.lock > $(VENV)/uv.lock
	$(PIP) --require-hashes -r $(VENV)/uv.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock || $(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	@$(BIN)/market-data warm-up
	@touch $@

demo: setup  ## a whole day of simulated markets through every tier
	@$(BIN)/market-data demo

emulators: $(EMULATORS)/.installed  ## BigQuery on this machine, for the tests; needs some Python 3.13 or newer

$(EMULATORS)/.installed: market_data_assets_tests/emulators/requirements.lock | setup
	@$(BIN)/python market_data_assets_tests/emulators/install.py $(EMULATORS)
	@mkdir -p $(EMULATORS) && touch $@

test: setup emulators
	$(BIN)/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder

test-long: setup emulators  ## what takes minutes: hundreds of kills, a month of backfill whose services are killed
	$(BIN)/python -m pytest -m long

ui: setup  ## the Dagster UI on http://127.0.0.1:3000
	@$(BIN)/market-data ui

bench: setup  ## the hot paths against pandas, in one run
	$(BIN)/python -m benchmarks

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy examples/features_service/service.py
	$(BIN)/lint-imports

docs: setup  ## write anew what is generated in docs/
	$(BIN)/market-data dictionary > docs/data_dictionary.md
	$(BIN)/market-data manual > docs/command_line.md
	$(BIN)/python docs/pictures/asset_map.py > docs/pictures/asset_map.svg

pictures: setup  ## take docs/pictures/ anew from the Dagster UI over a simulated day; needs a Chromium
	MDA_REQUIRE_BROWSER=1 MDA_SCREENSHOTS=docs/pictures $(BIN)/python -m pytest market_data_assets_tests/browser

lock: setup  ## resolve requirements.lock anew
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-strip-extras --no-header \
	    --group dev --output-file requirements.lock pyproject.toml
	$(BIN)/uv pip compile --python-version 3.13 --generate-hashes --no-emit-index-url --no-strip-extras --no-header --no-annotate \
	    --override market_data_assets_tests/emulators/overrides.txt \
	    --output-file market_data_assets_tests/emulators/requirements.lock market_data_assets_tests/emulators/requirements.in
