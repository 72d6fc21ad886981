# make demo      the main job on bundled pictures, from nothing to a report
# make test      style, types and the whole suite
# make demo PHOTOS=folder     the same on your photos
# make data      FashionMNIST where eyespot finds it by its name

PYTHON ?= python3
PHOTOS ?=
BIN := .venv/bin

FASHION := /usr/share/datasets/fashion-mnist

.PHONY: demo data test slow clean

demo: .venv/installed
	$(BIN)/eyespot demo $(if $(PHOTOS),--photos "$(PHOTOS)")

data:
	@if [ -e $(FASHION)/train-images-idx3-ubyte.gz ]; then \
		echo "FashionMNIST is in $(FASHION): eyespot train fashion-mnist"; \
	elif ! command -v apt-get > /dev/null; then \
		echo "There is no apt-get here to install the package dataset-fashion-mnist with."; \
		echo "Put the four files of FashionMNIST (train-images-idx3-ubyte.gz and so on) into"; \
		echo "~/.local/share/datasets/fashion-mnist/, or give the folder that holds them."; \
		exit 1; \
	else \
		$$([ "$$(id -u)" = 0 ] || echo sudo) apt-get install -y dataset-fashion-mnist || { \
			echo "If there is no such package, run apt-get update first."; exit 1; }; \
	fi

test: .venv/installed
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/pytest -n auto --dist worksteal

slow: .venv/installed
	$(BIN)/pytest -n auto --dist worksteal -m slow

.venv/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "eyespot needs Python 3.11 or newer; $(PYTHON) is older: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		-c constraints.txt -e ".[export,heic,dev]"
	@touch $@

clean:
	rm -rf .venv build demo
