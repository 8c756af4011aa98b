#!/bin/sh
# CPython for musl, installed as /usr/local of $WORK/root. zlib and libffi go into its own modules, so
# that no library of the interpreter can satisfy what a wheel needs.
set -eu
PATH="$WORK/bin:$PATH"
static=$WORK/static
prefix=$WORK/root/usr/local

tree() { rm -rf "$WORK/build/$1" && mkdir -p "$WORK/build/$1" && tar -xf "$2" -C "$WORK/build/$1" --strip-components=1 && cd "$WORK/build/$1"; }

tree zlib "$ZLIB"
CC=gcc CFLAGS='-O2 -fPIC' ./configure --prefix="$static"
make -s -j"$JOBS" libz.a libz.so.1.2.13
make -s install
tree libffi "$LIBFFI"
CC=gcc CFLAGS=-O2 ./configure -q --build="$(uname -m)-pc-linux-musl" --prefix="$static" --libdir="$static/lib" \
    --with-pic --disable-docs --disable-multi-os-directory
make -s -j"$JOBS"
make -s install
# The shared ones stay where they were built, for the packages.
rm -f "$static"/lib/*.so* "$static"/lib/*.la

tree python "$PYTHON"
OPT='-DNDEBUG -fwrapv -O1 -w' CC=gcc CPPFLAGS="-I$static/include" LDFLAGS="-L$static/lib" \
    PKG_CONFIG_LIBDIR="$static/lib/pkgconfig" LIBFFI_INCLUDEDIR="$static/include" \
    ./configure -q --build="$(uname -m)-pc-linux-musl" --prefix=/usr/local --without-ensurepip \
    --disable-test-modules --without-doc-strings
make -s -j"$JOBS"
rm -rf "$prefix"
# Not `install`, which compiles the library three times over and adds a static libpython.
make -s DESTDIR="$WORK/root" altbininstall sharedinstall inclinstall
tar -C Lib -cf - --exclude=./test --exclude=./idlelib --exclude=./tkinter --exclude=./lib2to3 --exclude=tests \
    --exclude=./ensurepip/_bundled . | tar -C "$prefix/lib/python3.11" -xf -
cp "$(cat pybuilddir.txt)"/_sysconfigdata_*.py "$prefix/lib/python3.11/"
# The paths of this machine's static libraries are no business of what is built with this Python.
sed -i -e "s# *-I$static/include##g" -e "s# *-L$static/lib##g" "$prefix"/lib/python3.11/_sysconfigdata_*.py
ln -sf python3.11 "$prefix/bin/python3"
ln -sf python3 "$prefix/bin/python"
