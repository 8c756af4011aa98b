#!/bin/sh
# The rest of a root file system in the shape of Alpine's Python image, around the interpreter in $WORK/root:
# musl's loader, a shell, accounts, the stand-in for apk.
set -eu
root=$WORK/root
arch=$(uname -m)
mkdir -p "$root/bin" "$root/sbin" "$root/usr/bin" "$root/usr/sbin" "$root/lib/apk/db" "$root/usr/lib" "$root/etc" \
    "$root/root" "$root/home" "$root/tmp" "$root/dev" "$root/var/apk"
chmod 1777 "$root/tmp"
cp "$LOADER" "$root/lib/ld-musl-$arch.so.1"
chmod 755 "$root/lib/ld-musl-$arch.so.1"
ln -sf "ld-musl-$arch.so.1" "$root/lib/libc.musl-$arch.so.1"
cp "$(command -v busybox)" "$root/bin/busybox"
chroot "$root" /bin/busybox --install -s
cp "$SCRIPTS/apk.sh" "$root/sbin/apk"
chmod 755 "$root/sbin/apk"
# Debian's busybox leaves accounts to Debian's own tools.
cat >"$root/usr/sbin/adduser" <<'EOF'
#!/bin/sh
# adduser -D -u UID NAME
set -eu
[ "$1 $2" = '-D -u' ]
echo "$4:x:$3:$3::/home/$4:/bin/sh" >>/etc/passwd
echo "$4:x:$3:" >>/etc/group
mkdir -p "/home/$4"
chown "$3:$3" "/home/$4"
EOF
chmod 755 "$root/usr/sbin/adduser"
echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
echo 'root:x:0:' >"$root/etc/group"
echo 'root:*::0:::::' >"$root/etc/shadow"
echo '127.0.0.1 localhost' >"$root/etc/hosts"
printf 'NAME="stand-in for Alpine Linux"\nID=alpine\nVERSION_ID=3.24.0\n' >"$root/etc/os-release"
for device in null:3 zero:5 urandom:9; do
    [ -e "$root/dev/${device%:*}" ] || mknod -m 666 "$root/dev/${device%:*}" c 1 "${device#*:}"
done
# What every Alpine image has: musl and zlib, and nothing that a wheel could lean on besides.
printf 'P:musl\nV:1.2.5-r10\nA:%s\nL:MIT\no:musl\np:so:libc.musl-%s.so.1=1\nF:lib\nR:ld-musl-%s.so.1\nR:libc.musl-%s.so.1\n\n' \
    "$arch" "$arch" "$arch" "$arch" >"$root/lib/apk/db/installed"
cp -P "$WORK"/packages/zlib/tree/usr/lib/* "$root/usr/lib/"
{ cat "$WORK/packages/zlib/record"; echo; } >>"$root/lib/apk/db/installed"
# pip, from its own wheel; the other files of the index are for the tests.
chroot "$root" /usr/local/bin/python3 -c 'import sys, sysconfig; assert "musl" in sysconfig.get_config_var("SOABI"), sys.version'
cp "$PIP" "$root/tmp/"
pip=/tmp/${PIP##*/}
chroot "$root" /bin/sh -c "PYTHONPATH=$pip /usr/local/bin/python3 -m pip install -q --no-index --no-cache-dir --root-user-action ignore $pip"
rm -f "$root$pip"
