# The few things one does with this repository; all of them only call cargo and scripts.
# `make install PREFIX=/usr/local` installs into /usr/local/bin, without PREFIX into cargo's own folder.

.PHONY: demo test check bench install

demo:
	@cargo run --bin posthorn -- demo

test:
	@scripts/test

check:
	@scripts/check

bench:
	@scripts/bench

install:
	cargo install --path crates/server --locked $(if $(PREFIX),--root $(PREFIX))
