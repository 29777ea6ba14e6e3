# Every command of the project. `make` lists them.
SHELL := /bin/bash
UV := scripts/uv
RUN := $(UV) run --quiet
# Those of pages and mails are Jinja's.
DJANGO_TEMPLATES = $$(find src/clarion/office/templates -type f)
export UV_PYTHON_DOWNLOADS ?= never

.DEFAULT_GOAL := commands
.PHONY: commands setup browser demo test check lint fix dev bench soak catalogs failover wheel

commands: ## list the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | column -t -s "$$(printf '\t')"

setup:
	@$(UV) sync --quiet

browser:
	@scripts/install-tools

demo: ## run the main job on the sample call, and print the address of its desk
	@$(UV) sync --quiet --no-dev
	@$(UV) run --quiet --no-dev clarion demo

test: setup browser ## all that proves behaviour: unit, db, http, browser, faults, repo
	@scripts/run-tests $(RUN) pytest -q

check: lint ## lint and the fast tests: what a commit must pass
	@$(RUN) pytest tests/unit tests/db tests/http

lint: setup ## formats, imports, types, templates, migrations
	@$(RUN) ruff format --check
	@$(RUN) ruff check
	@$(RUN) mypy
	@$(RUN) lint-imports
	@$(RUN) djade --check $(DJANGO_TEMPLATES)
	@$(RUN) djlint --lint --quiet src/clarion/office/templates
	@$(RUN) djlint --lint --quiet --profile=jinja src/clarion/pages/templates src/clarion/*/templates/mail
	@data=$$(mktemp -d); trap 'rm -rf "$$data"' EXIT; CLARION_DATA=$$data $(RUN) python manage.py makemigrations --check --dry-run

fix: setup ## format, and mend what is safe to mend
	@$(RUN) ruff check --fix
	@$(RUN) ruff format
	@$(RUN) djade $(DJANGO_TEMPLATES)

dev: setup ## all parts on the sample call, in ./clarion-data
	@$(RUN) clarion launch src/clarion/sample/clean-water
	@$(RUN) clarion serve

catalogs: setup ## gather the interface's strings into the .po files
	@$(RUN) python scripts/update_catalogs.py

bench: setup ## speed, as a table of ratios
	@$(RUN) python -m bench $(NAME)

soak: setup browser ## long fault and load runs; leaves build/soak/summary.md
	@scripts/run-soak $(RUN) pytest -q

failover: setup ## two PostgreSQL servers; the first is killed under load, the second takes over
	@$(RUN) python -m scripts.failover_demo

wheel: ## build the wheel, and beside it the list of what it was tested with
	@$(UV) build --wheel
	@$(UV) export --quiet --frozen --no-dev --no-emit-project --output-file dist/requirements.txt
