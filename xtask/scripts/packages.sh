#!/bin/sh
# What the stand-in for apk can install, into $WORK/packages: NAME/tree, NAME/depends, NAME/record.
set -eu
gcc=$(command -v gcc)
PATH="$WORK/bin:$PATH"
arch=$(uname -m)
packages=$WORK/packages
rm -rf "$packages"

# package NAME VERSION LICENCE [DEPENDS...]
package() {
    name=$1 version=$2 licence=$3
    shift 3
    mkdir -p "$packages/$name/tree"
    echo "$*" >"$packages/$name/depends"
    provides=$(cd "$packages/$name/tree" && find . -name 'lib*.so.*' -path './usr/lib/*' ! -path '*/*-linux-*' |
        sed -n 's#.*/\(lib[^/]*\.so\.[0-9]*\)$#so:\1=0#p' | sort -u | tr '\n' ' ')
    {
        printf 'P:%s\nV:%s\nA:%s\nL:%s\no:%s\n' "$name" "$version" "$arch" "$licence" "${name%-dev}"
        if [ -n "$provides" ]; then echo "p:${provides% }"; fi
        cd "$packages/$name/tree"
        find . -mindepth 1 -type d | sort | while read -r d; do
            echo "F:${d#./}"
            find "$d" -mindepth 1 -maxdepth 1 ! -type d | sort | sed 's#.*/#R:#'
        done
    } >"$packages/$name/record"
}
# What runs on the host's C library keeps its paths: file by file, with everything it loads.
host() {
    for f; do
        for g in "$f" $(ldd "$f" 2>/dev/null | sed -n 's#.* \(/[^ ]*\) (.*#\1#p; s#^[[:space:]]*\(/[^ ]*\) (.*#\1#p'); do
            mkdir -p "$t$(dirname "$g")"
            [ -e "$t$g" ] || cp -L "$g" "$t$g"
        done
    done
}

version=$("$gcc" -dumpversion | cut -d. -f1)
triple=$("$gcc" -dumpmachine)
t=$packages/gcc/tree
host "/usr/bin/$triple-gcc-$version"
for tool in as ld ar nm ranlib strip readelf; do
    host "/usr/bin/$tool"
done
lib=/usr/lib/gcc/$triple/$version
for f in cc1 collect2 lto-wrapper liblto_plugin.so crtbegin.o crtbeginS.o crtbeginT.o crtend.o crtendS.o libgcc.a libgcc_eh.a; do
    host "$lib/$f"
done
cp -R "$lib/include" "$t$lib/"
cat >"$t/usr/bin/gcc" <<EOF
#!/bin/sh
exec /usr/bin/$triple-gcc-$version -idirafter /usr/include -L/usr/lib "\$@" -specs /usr/lib/$arch-linux-musl/musl-gcc.specs
EOF
chmod +x "$t/usr/bin/gcc"
ln -s gcc "$t/usr/bin/cc"
package gcc "$version" 'GPL-3.0-or-later' musl-dev

t=$packages/musl-dev/tree
mkdir -p "$t/usr/lib" "$t/usr/include"
cp -R "/usr/lib/$arch-linux-musl" "$t/usr/lib/"
cp -R "/usr/include/$arch-linux-musl" "$t/usr/include/"
cp "$WORK/link/libc.so" "$t/usr/lib/$arch-linux-musl/libc.so"
package musl-dev 1.2 MIT

t=$packages/linux-headers/tree
mkdir -p "$t/usr/include"
cp -RL "$WORK/kernel/." "$t/usr/include/"
package linux-headers 6 'GPL-2.0-only'

t=$packages/make/tree
host /usr/bin/make
package make 4 'GPL-3.0-or-later'
t=$packages/pkgconf/tree
host "$(readlink -f /usr/bin/pkg-config)"
ln -sf "$(basename "$(readlink -f /usr/bin/pkg-config)")" "$t/usr/bin/pkg-config" 2>/dev/null || true
package pkgconf 1.8 ISC
package build-base 0.5 MIT gcc make musl-dev

# library PACKAGE DEVPACKAGE VERSION LICENCE REALNAME SONAME PCNAME COMPILER-ARGUMENTS...: in the shape that
# distributions give it: file, SONAME link, development link; no run path.
library() {
    p=$1 dev=$2 v=$3 licence=$4 real=$5 soname=$6 pc=$7
    shift 7
    t=$packages/$p/tree/usr/lib d=$packages/$dev/tree/usr
    mkdir -p "$t" "$d/lib/pkgconfig" "$d/include"
    gcc -shared -fPIC -O0 -w -Wl,-soname,"$soname" -o "$t/$real" "$@"
    ln -sf "$real" "$t/$soname"
    link=${soname%.so.*}; [ "$link" != libyaml-0 ] || link=libyaml
    ln -sf "$soname" "$d/lib/$link.so"
    printf 'Name: %s\nDescription: %s\nVersion: %s\nLibs: -l%s\n' "$pc" "$pc" "$v" "${link#lib}" >"$d/lib/pkgconfig/$pc.pc"
    package "$p" "$v-r0" "$licence"
}
source_of() { rm -rf "$WORK/build/$1" && mkdir -p "$WORK/build/$1" && tar -xf "$2" -C "$WORK/build/$1" --strip-components=1 && cd "$WORK/build/$1"; }
built() { # PACKAGE DEVPACKAGE VERSION LICENCE PCNAME LINK DIRECTORY HEADERS...: made together with the interpreter
    p=$1 dev=$2 v=$3 licence=$4 pc=$5 link=$6
    t=$packages/$p/tree/usr/lib d=$packages/$dev/tree/usr
    mkdir -p "$t" "$d/lib/pkgconfig" "$d/include"
    cp -P "$7"/lib"$link".so.* "$t/"
    for soname in "$t"/lib"$link".so.?; do ln -sf "${soname##*/}" "$d/lib/lib$link.so"; done
    printf 'Name: %s\nDescription: %s\nVersion: %s\nLibs: -l%s\n' "$pc" "$pc" "$v" "$link" >"$d/lib/pkgconfig/$pc.pc"
    shift 7
    cp "$@" "$d/include/"
    package "$p" "$v-r0" "$licence"
    package "$dev" "$v-r0" "$licence" "$p" pkgconf
}

built zlib zlib-dev 1.2.13 Zlib zlib z "$WORK/build/zlib" "$WORK"/build/zlib/zlib.h "$WORK"/build/zlib/zconf.h
built libffi libffi-dev 3.4.4 MIT libffi ffi "$WORK/build/libffi/$arch-pc-linux-musl/.libs" \
    "$WORK/build/libffi/$arch-pc-linux-musl"/include/*.h

source_of libyaml "$LIBYAML"
library yaml yaml-dev 0.2.5 MIT libyaml-0.so.2.0.9 libyaml-0.so.2 yaml-0.1 -Iinclude \
    -DYAML_VERSION_MAJOR=0 -DYAML_VERSION_MINOR=2 -DYAML_VERSION_PATCH=5 '-DYAML_VERSION_STRING="0.2.5"' src/*.c
cp "$WORK"/build/libyaml/include/yaml.h "$packages/yaml-dev/tree/usr/include/"
package yaml-dev 0.2.5-r0 MIT yaml pkgconf

source_of lz4 "$LZ4"
cd lib
library lz4-libs lz4-dev 1.9.4 'BSD-2-Clause' liblz4.so.1.9.4 liblz4.so.1 liblz4 ./*.c
cd "$WORK/build/lz4/lib"
cp lz4.h lz4hc.h lz4frame.h lz4frame_static.h "$packages/lz4-dev/tree/usr/include/"
package lz4-dev 1.9.4-r0 'BSD-2-Clause' lz4-libs pkgconf
