# `make run` and `make test` need Python 3.11+, make and git; everything else is set up here.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: run test check prove bench conversations lock clean dev rasa

$(VENV)/.runtime: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Vigil needs Python 3.11 or newer; this is $$($(PYTHON) -V)."; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.txt
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.txt
	@touch $@

# What a first start would read and learn, done once here; named by content, so never out of date.
.prepared/.done: $(VENV)/.runtime $(wildcard locales/*/LC_MESSAGES/*.po flows/understanding/*.yml)
	@echo "Reading the content once, for half a minute …"
	@rm -rf .prepared
	@$(BIN)/python -m compileall -q bot
	@$(BIN)/python -m bot.understand.learning . .prepared 2>/dev/null || true # the program says what is wrong
	@touch $@

run: .prepared/.done ## set up and start Vigil
	$(BIN)/vigil run

dev: $(VENV)/.dev .prepared/.done

test: $(VENV)/.dev .prepared/.done ## all tests that end in minutes
	$(BIN)/python -m pytest -q -n auto --dist worksteal -m "not prove"

check: $(VENV)/.dev .prepared/.done ## what CI runs: format, lint, types, layers, content, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/vigil check
	$(BIN)/python -m pytest -q -n auto --dist worksteal -m "not prove"

prove: $(VENV)/.dev .prepared/.done ## the long proofs
	$(BIN)/python -m pytest -q -m prove

conversations: $(VENV)/.dev ## write what is said now into every golden conversation; read the difference
	@for script in tests/conversations/*/*.yaml; do $(BIN)/vigil talk --script $$script --record; done

bench: $(VENV)/.dev .prepared/.done ## every benchmark, as ratios within one run
	$(BIN)/vigil bench all

rasa: $(VENV)/.dev ## a real Rasa, taught with our lines and asked the same; DATA=folder adds public sets
	@$(BIN)/python -m bot.proofs.rasa_real

lock: ## pin dependencies again; uv comes with the dev requirements
	$(BIN)/uv pip compile -q --generate-hashes --no-emit-index-url --no-header --universal --python-version 3.11 --extra build pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile -q --generate-hashes --no-emit-index-url --no-header --universal --python-version 3.11 --extra build --extra dev pyproject.toml -o requirements-dev.txt
	$(BIN)/uv pip compile -q --generate-hashes --no-emit-index-url --no-header --python-version 3.10 flows/understanding/rasa/requirements.in -o flows/understanding/rasa/requirements.txt

clean:
	rm -rf $(VENV) .prepared .rasa build dist .pytest_cache .mypy_cache .ruff_cache
