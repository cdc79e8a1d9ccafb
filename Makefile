# Each target does its own set-up. `make run` needs .venv with requirements.txt, everything else requirements-dev.txt too.
HOST ?= 127.0.0.1
PORT ?= 8501
PYTHON ?= python3

PY := .venv/bin/python
INSTALL := $(if $(shell command -v uv 2>/dev/null),uv pip install --quiet --python $(PY),$(PY) -m pip install --quiet --disable-pip-version-check)
PLAIN := sales forecasting inventory workspace ui/texts benchmarks
ANY_HOST := $(if $(filter 127.0.0.1 localhost ::1,$(HOST)),,--server.allowedHosts '*')

.PHONY: run test test-slow lint bench screenshots constraints clean
.DELETE_ON_ERROR:

run: .venv/runtime
	$(PY) -m workspace resume
	$(PY) -m streamlit run app.py --server.address $(HOST) --server.port $(PORT) $(ANY_HOST)

test: lint
	$(PY) -m pytest -n auto --dist worksteal -m "not slow"

test-slow: .venv/dev
	$(PY) -m pytest -m slow

lint: .venv/dev
	$(PY) -m ruff check .
	$(PY) -m mypy $(PLAIN)

# All of benchmarks/, one table; the peers that it compares with have an environment of their own
bench: .venv/dev .venv-peers/made
	$(PY) -m benchmarks all

screenshots: .venv/dev
	PYTHONPATH=. $(PY) tests/screenshots.py

# Versions of all that a clean install of both files brings along, each at its newest
constraints: $(PY)
	rm -rf .venv/fresh
	$(PYTHON) -m venv .venv/fresh
	.venv/fresh/bin/python -m pip install --quiet -r requirements.txt -r requirements-dev.txt
	.venv/fresh/bin/python -m pip freeze > constraints.txt
	rm -rf .venv/fresh

clean:
	rm -rf .venv .venv-peers .pytest_cache .mypy_cache .ruff_cache .hypothesis test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Shelfcast needs Python 3.11 or newer; $(PYTHON) is not. Name another: make PYTHON=python3.12 ..." >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/runtime: requirements.txt constraints.txt | $(PY)
	@echo "Installing requirements.txt into .venv; the first time this takes a minute or two"
	$(INSTALL) -r requirements.txt -c constraints.txt
	@touch $@

.venv/dev: requirements-dev.txt .venv/runtime
	$(INSTALL) -r requirements-dev.txt -c constraints.txt
	@touch $@

.venv-peers/made: benchmarks/peers/requirements.txt | $(PY)
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@
