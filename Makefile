# The words of this repository. Needs Rust, Node 20, git, make and a C compiler; `make test` gets the rest by itself.

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

# Tools that `make test` installs when they are missing: versions that build with Rust 1.95.
NEXTEST := cargo-nextest@0.9.143
DENY    := cargo-deny@0.20.2
FUZZER  := cargo-fuzz@0.13.1
# Debian packages of the tests, as command:package. Chromium runs the SDK; strace proves that a write is synced; valgrind counts.
PACKAGES := chromium:chromium strace:strace valgrind:valgrind

# Seconds per fuzz target, minutes of the soak.
FUZZ_SECONDS ?= 60
SOAK_MINUTES ?= 10

say = @echo "── $(1)"

.PHONY: help run test check fmt bench ratchet soak fuzz docs clean

help: ## show these words
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 14

run: ## build, and serve examples/saas-app at http://localhost:8080
	$(call say,building the release binary; the first time this takes some minutes)
	@cargo build --release -p atomicbase
	@$(MAKE) web/packages/sdk/dist || echo "── npm failed: the server runs, the TypeScript of the tour will not"
	@exec target/release/atomicbase dev --dir examples/saas-app

check: web/node_modules .tools/deny ## what needs no running program: format, lints, licences, types
	$(call say,rustfmt)
	@cargo fmt --all --check
	$(call say,clippy)
	@cargo clippy --quiet --workspace --all-targets -- -D warnings
	$(call say,cargo deny)
	@cargo deny --log-level warn check licenses bans sources
	$(call say,biome)
	@cd web && npm run --silent check
	$(call say,tsc)
	@cd web && npm run --silent check --workspaces --if-present

test: .tools/packages .tools/nextest .tools/python e2e/node_modules web/packages/sdk/dist check ## everything: install what is missing, check, run every test
	$(call say,Rust tests)
	@cargo nextest run --workspace --status-level=fail --final-status-level=fail --show-progress=none
	$(call say,documentation tests)
	@cargo test --quiet --doc --workspace
	$(call say,TypeScript tests)
	@cd web && npm test --silent
	$(call say,end to end: CLI and SDK and browser and README against the real program)
	@cargo build --quiet -p atomicbase
	@npm test --prefix e2e --silent

fmt: web/node_modules ## write the format that check asks for
	@cargo fmt --all
	@cd web && npx --no-install biome check --log-level=warn --write ..

bench: ## measure against the yardstick, bare SQLite and PocketBase
	@cargo run --quiet --release -p bench -- all

ratchet: .tools/packages ## count the instructions of the hot paths: none may take more than bench/instructions.json allows
	@cargo run --quiet --release -p bench -- instructions

soak: .tools/nextest .tools/python e2e/node_modules web/packages/sdk/dist ## an hour of searching: fuzz, any query on any rows, the API's contract, sqlmap; what grows under load for SOAK_MINUTES
	@$(MAKE) fuzz FUZZ_SECONDS=300
	$(call say,any query on thousands of worlds)
	@ATOMICBASE_PROPERTY_TIMES=20 cargo nextest run -p query --status-level=fail -E 'test(property::)'
	$(call say,requests made from OpenAPI for ten minutes; sqlmap on every parameter)
	@cargo build --quiet -p atomicbase
	@CONTRACT_SECONDS=600 npm run soak --prefix e2e --silent
	$(call say,mixed load for $(SOAK_MINUTES) minutes)
	@cargo run --quiet --release -p bench -- soak --minutes $(SOAK_MINUTES)

fuzz: .tools/fuzz ## each fuzz target for FUZZ_SECONDS
	@for target in $$(cd fuzz/targets && ls | sed 's/\.rs$$//'); do \
	  echo "── fuzz $$target, $(FUZZ_SECONDS) s"; \
	  corpus=fuzz/corpus/$$target; log=$$corpus.log; mkdir -p $$corpus; \
	  RUSTC_BOOTSTRAP=1 cargo fuzz run $$target $$corpus fuzz/seeds/$$target -- \
	    -max_total_time=$(FUZZ_SECONDS) -max_len=65536 -print_final_stats=1 > $$log 2>&1 \
	    || { tail -n 40 $$log; exit 1; }; \
	  grep number_of_executed_units $$log; \
	done

docs: ## write the generated pages of docs/ anew
	@ATOMICBASE_WRITE_DOCS=1 cargo nextest run -p atomicbase --status-level=fail -E 'test(docs_are_current)'

clean: ## remove what was built and what `make run` keeps
	@cargo clean --quiet
	@rm -rf .tools web/node_modules e2e/node_modules examples/*/node_modules examples/*/.build web/packages/*/dist fuzz/target examples/*/atomicbase-data

# ── what the words need ──────────────────────────────────────────────────────────────────────────────────────────────

web/node_modules e2e/node_modules examples/saas-app/node_modules: %/node_modules: %/package-lock.json
	$(call say,npm packages of $*)
	@npm ci --prefix $* --silent --no-audit --no-fund
	@touch $@

# The example imports the SDK as it is built here.
web/packages/sdk/dist: examples/saas-app/node_modules $(wildcard web/packages/sdk/src/*.ts)
	$(call say,the SDK)
	@examples/saas-app/node_modules/.bin/tsc -p web/packages/sdk/tsconfig.build.json
	@touch $@

.PHONY: .tools/packages .tools/nextest .tools/deny .tools/fuzz

.tools/nextest:
	@command -v cargo-nextest >/dev/null || { echo "── $(NEXTEST), once"; cargo install --quiet --locked $(NEXTEST); }

.tools/deny:
	@command -v cargo-deny >/dev/null || { echo "── $(DENY), once"; cargo install --quiet --locked $(DENY); }

.tools/fuzz:
	@command -v cargo-fuzz >/dev/null || { echo "── $(FUZZER), once"; cargo install --quiet --locked $(FUZZER); }

# schemathesis and sqlmap, in a folder of their own.
.tools/python: e2e/attack/requirements.txt | .tools/packages
	$(call say,Python packages of the tests)
	@python3 -m venv --clear $@
	@$@/bin/pip install --quiet --disable-pip-version-check --requirement $< || { rm -rf $@; exit 1; }
	@touch $@

.tools/packages:
	@missing=(); for pair in $(PACKAGES); do \
	  command -v "$${pair%%:*}" >/dev/null || missing+=("$${pair##*:}"); done; \
	python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv); \
	if [ $${#missing[@]} -eq 0 ]; then exit 0; fi; \
	if ! command -v apt-get >/dev/null; then \
	  echo "The tests need: $${missing[*]}. Install them with your system's package manager."; exit 1; fi; \
	if [ "$$(id -u)" = 0 ]; then sudo=(); elif sudo -n true 2>/dev/null; then sudo=(sudo); else \
	  echo "The tests need packages. As root: apt-get install --no-install-recommends $${missing[*]}"; exit 1; fi; \
	echo "── apt-get install $${missing[*]}"; \
	"$${sudo[@]}" apt-get -qq update && \
	"$${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends "$${missing[@]}" >/dev/null
