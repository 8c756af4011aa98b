#!/bin/sh
# repair.sh SYSROOT WHEEL...: repairs wheels of another architecture here, without emulation. SYSROOT has that
# architecture's libraries: an unpacked Alpine (`apk --root SYSROOT --arch aarch64 --initdb add ...`), an image's
# file system (`docker export`), or a cross toolchain's.
set -eu
sysroot=$1
shift
muslrepair repair --sysroot "$sysroot" --wheel-dir wheelhouse "$@"
# Without --sysroot: everything must come from the wheels themselves.
muslrepair verify wheelhouse
