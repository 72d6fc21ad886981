# make demo      the main job on bundled pictures, from nothing to a report
# make test      style, types and the whole suite
# make demo PHOTOS=folder     the same on your photos

PYTHON ?= python3
PHOTOS ?=
BIN := .venv/bin

.PHONY: demo test slow clean

demo: .venv/installed
	$(BIN)/eyespot demo $(if $(PHOTOS),--photos "$(PHOTOS)")

test: .venv/installed
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/pytest -n auto

slow: .venv/installed
	$(BIN)/pytest -n auto -m slow

.venv/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "eyespot needs Python 3.11 or newer; $(PYTHON) is older: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		-c constraints.txt -e ".[export,heic,dev]"
	@touch $@

clean:
	rm -rf .venv build demo
