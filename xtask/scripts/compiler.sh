#!/bin/sh
# A `gcc` for musl on a glibc host, into $WORK/bin. What is configured with it remembers the name `gcc`,
# as the Pythons of Alpine's images do.
set -eu
arch=$(uname -m)
mkdir -p "$WORK/bin" "$WORK/kernel" "$WORK/link"
# musl-gcc hides all of /usr/include; these are the kernel's.
ln -sfn /usr/include/linux "$WORK/kernel/linux"
ln -sfn /usr/include/asm-generic "$WORK/kernel/asm-generic"
ln -sfn "/usr/include/$(gcc -print-multiarch)/asm" "$WORK/kernel/asm"
# Debian's libc.so has no SONAME, Alpine's is libc.musl-<arch>.so.1: programs should ask for that.
cp "/usr/lib/$arch-linux-musl/libc.so" "$WORK/link/libc.so"
"$PATCHELF" --set-soname "libc.musl-$arch.so.1" "$WORK/link/libc.so"
cat >"$WORK/bin/gcc" <<EOF
#!/bin/sh
case \${1-} in --print-multiarch | -print-multiarch | -dumpmachine) echo $arch-linux-musl; exit ;; esac
REALGCC=$(command -v gcc) exec musl-gcc -idirafter "$WORK/kernel" -L"$WORK/link" "\$@"
EOF
chmod +x "$WORK/bin/gcc"
