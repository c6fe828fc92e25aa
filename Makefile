# `make run` and `make test` are the two commands of a newcomer; both first install what the system is missing.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# The config that `make run` serves.
CONF ?= gateway.conf
# Set to `true` where deploy/bootstrap does not know the system and you have installed the packages yourself.
BOOTSTRAP ?= deploy/bootstrap
# Arguments for `make bench` and `make fuzz`, for a part of the tests (`make test FILTER=HTTP1Tests`).
ARGS ?=
# What the shipped binary is built with. Small functions are inlined across modules, and the dynamic exclusivity checks of class
# properties are left out: together they cost a quarter of a request's time (18 µs against 13.5). Debug builds check them, and
# all tests run on a debug build.
RELEASE_FLAGS ?= -Xswiftc -cross-module-optimization -Xswiftc -enforce-exclusivity=unchecked
FILTER ?=
# Where `make install` puts it, and what stands before that while it is packed.
PREFIX ?= /usr/local
DESTDIR ?=
# FilterTesting is no part of the gateway; `sluice plugin test` needs it.
BUILD_RELEASE = swift build -c release --target FilterTesting $(RELEASE_FLAGS); swift build -c release --product sluice $(RELEASE_FLAGS)

.PHONY: run test build debug install pages bench fuzz clean help

## run: install what is missing, build for release, serve gateway.conf by HTTP and HTTPS (another file: make run CONF=FILE)
run: build
	@exec .build/release/sluice run "$(CONF)"

# The release binary is for the tests that count its allocations; a part of the tests that has none of them goes without.
RELEASE_TESTED = $(if $(FILTER),$(findstring Alloc,$(FILTER))$(findstring Scenario,$(FILTER)),yes)

# Runs $(2) and says how long it took: step,WHAT,COMMAND.
define step
@echo "make: $(1) …"; $(2); echo "make: $(1): $$SECONDS s"
endef

## test: install what is missing, build for debugging and for release, run all tests (a part: make test FILTER=HTTP1Tests)
test:
	@$(BOOTSTRAP) --test
	$(call step,debug build of everything,swift build --build-tests)
	$(if $(RELEASE_TESTED),$(call step,release build of the gateway,$(BUILD_RELEASE)))
	$(if $(FILTER),,$(call step,installation,Tests/Install/run))
	@echo "make: $(if $(FILTER),tests of $(FILTER),all tests) …"
	@$(if $(RELEASE_TESTED),SLUICE_RELEASE_BINARY="$(CURDIR)/.build/release/sluice") timeout --foreground 900 \
		swift test --skip-build --disable-xctest $(if $(FILTER),--filter "$(FILTER)") 2>&1 | tee .build/tests.txt || \
		{ echo "make: what failed (all of it: .build/tests.txt):"; grep -a '^✘' .build/tests.txt; exit 1; }

## build: install what is missing and build .build/release/sluice
build:
	@$(BOOTSTRAP)
	@$(BUILD_RELEASE)

## debug: build .build/debug/sluice
debug:
	@$(BOOTSTRAP)
	@swift build --target FilterTesting; swift build --product sluice

# The libraries of the Swift runtime that the program loads.
RUNTIME = ldd .build/release/sluice | awk '/=> .*\/swift\/linux\// { print $$3 }'

## install: build, and copy to PREFIX: bin/sluice, lib/sluice (the runtime; the SDK for plug-ins), share/sluice/gateway.conf (make install PREFIX=/usr DESTDIR=out)
install: build
	@umask 022; root="$(DESTDIR)$(PREFIX)"; mkdir -p "$$root/bin" "$$root/lib/sluice/swift" "$$root/share/sluice"; \
		install -m 0644 -t "$$root/share/sluice" gateway.conf; \
		install -m 0644 -t "$$root/lib/sluice/swift" $$($(RUNTIME)); \
		.build/release/sluice plugin sdk --into "$$root/lib/sluice/sdk"; \
		SLUICE_INSTALL=1 swift build -c release --product sluice $(RELEASE_FLAGS); \
		install -m 0755 -t "$$root/bin" .build/release/sluice; \
		$(BUILD_RELEASE)

## pages: write the pages of docs/ anew that are made from the program
pages:
	@$(BOOTSTRAP)
	@swift build --build-tests
	@UPDATE_GOLDEN=1 swift test --skip-build --disable-xctest --filter 'UpToDate'

## bench: compare with other proxies (make bench ARGS=--quick; see Benchmarks/README.md)
bench: build
	@python3 Benchmarks/compare $(ARGS)

## fuzz: build the fuzz targets and run each for a minute (longer: make fuzz ARGS="--seconds 600"; see Tests/Fuzz/README.md)
fuzz:
	@$(BOOTSTRAP)
	@Tests/Fuzz/run $(ARGS)

## clean: remove everything that a build made
clean:
	@rm -rf .build .build-*

## help: this list
help:
	@sed -n 's/^## \([a-z]*\): /\1\t/p' Makefile | while IFS=$$'\t' read -r name text; do printf '  make %-7s %s\n' "$$name" "$$text"; done
