#!/bin/sh
# build.sh TRIPLE SYSROOT: cross-compiles a Rust extension module with maturin and zig, and repairs it for musl.
# zig brings musl; libraries that the module links with come from SYSROOT.
#
#   ./build.sh aarch64-unknown-linux-musl /opt/sysroots/aarch64
set -eu
triple=$1 sysroot=$2
# maturin looks for libraries on this machine, which has not got those of the target: leave that to muslrepair.
maturin build --release --zig --target "$triple" --compatibility linux --auditwheel skip --out dist
muslrepair repair --sysroot "$sysroot" --wheel-dir wheelhouse dist
muslrepair verify wheelhouse
