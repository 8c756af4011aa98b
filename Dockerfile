# syntax=docker/dockerfile:1
# An image with nothing but the program, to be copied from:
#   COPY --from=ghcr.io/muslrepair/muslrepair:0.1 /muslrepair /usr/local/bin/muslrepair
# It is made of the programs of a release, so that it has what was checked, for every platform and without emulation:
#   cargo xtask dist && docker build -f Dockerfile target/dist/image
FROM scratch
ARG TARGETARCH
ARG TARGETVARIANT
COPY ${TARGETARCH}${TARGETVARIANT}/muslrepair /muslrepair
# Wheels and their libraries are mounted here: docker run --rm -v "$PWD:/io" IMAGE repair /io/dist --sysroot /io/sysroot
WORKDIR /io
ENTRYPOINT ["/muslrepair"]
