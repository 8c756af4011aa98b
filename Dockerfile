# syntax=docker/dockerfile:1
# An image with nothing but the program, to be copied from:
#   COPY --from=ghcr.io/muslrepair/muslrepair:0.1 /muslrepair /usr/local/bin/muslrepair
FROM rust:1-alpine3.22 AS builder
RUN apk add --no-cache musl-dev
WORKDIR /src
COPY Cargo.toml Cargo.lock README.md ./
COPY src ./src
COPY xtask ./xtask
# Not built here, but named in Cargo.toml.
COPY benches ./benches
COPY tests ./tests
# Static, as everything is that Rust builds for musl.
RUN cargo build --release --locked --package muslrepair --bin muslrepair

FROM scratch
COPY --from=builder /src/target/release/muslrepair /muslrepair
# Wheels and their libraries are mounted here: docker run --rm -v "$PWD:/io" IMAGE repair /io/dist --sysroot /io/sysroot
WORKDIR /io
ENTRYPOINT ["/muslrepair"]
