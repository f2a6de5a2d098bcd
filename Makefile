# What a newcomer types. `make` alone lists it.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.PHONY: help setup demo demo-data serve stop test lint bench clean requirements

PORT ?= 8000
HOST ?= 127.0.0.1
export PORT HOST

flask := .venv/bin/flask
database := .venv/bin/python -m database

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  PORT=8000 HOST=127.0.0.1 say where to serve, WANGGE_DATA=var where the data lives."

setup: ## install what the service needs: PostGIS, Python packages, front-end packages
	@setup/set-up.sh

demo: demo-data ## the demonstration county, served at http://127.0.0.1:8000
	@$(flask) demo names
	@setup/server.sh serve

demo-data: setup ## all of demo but serving: database, schema, the county's data
	@$(database) up
	@$(database) migrate
	@$(flask) demo load

serve: setup ## serve what the database holds
	@$(database) up
	@$(database) migrate
	@setup/server.sh serve

stop: ## end the server and the database; the data stays
	@setup/server.sh stop
	@[ ! -x .venv/bin/python ] || $(database) down

test: lint ## every test, browser tests included
	.venv/bin/pytest --numprocesses auto --maxprocesses 4 --dist loadfile

lint: ## style, types and the direction of imports
	@setup/set-up.sh test
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports

bench: ## what it costs in time and memory, measured here and now
	@setup/set-up.sh test
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement bench/requirements.txt
	.venv/bin/python -m bench

requirements: ## pin the packages anew after a change in pyproject.toml
	@setup/set-up.sh test
	@setup/requirements.sh

clean: ## remove what set-up and tools made; the data under WANGGE_DATA stays
	rm -rf .venv node_modules .setup.lock .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +
	find webmap/translations -name '*.mo' -delete
