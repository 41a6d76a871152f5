# Every target is one line of scripts/bootstrap.py, which needs nothing but a Python 3.11 or newer.
PYTHON ?= python3
BOOTSTRAP = @exec $(PYTHON) scripts/bootstrap.py

.DEFAULT_GOAL := help
.PHONY: help setup run stop check test soak docs doctor

help: ## this list
	@sed -n 's/^\([a-z]*\): ## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

setup: ## make the Python environment in .venv, for an editor
	$(BOOTSTRAP) setup

run: ## the whole portal in the foreground, with its own servers; Ctrl-C ends it
	$(BOOTSTRAP) run

stop: ## end a portal that another terminal started
	$(BOOTSTRAP) stop

check: ## linters, types, contracts, generated documents, deploy check
	$(BOOTSTRAP) check

test: ## the whole test suite; make test ARGS="-k audit" runs a part of it
	$(BOOTSTRAP) test $(ARGS)

soak: ## the whole test suite with every seed and every fault, for a night
	$(BOOTSTRAP) soak $(ARGS)

docs: ## write the generated documents again
	$(BOOTSTRAP) docs

doctor: ## what this machine lacks
	$(BOOTSTRAP) doctor
