#!/bin/sh
# vivid.sh runs a test binary beside a V4L2 camera without any hardware: it boots Debian's kernel in qemu with the module
# vivid, which is a camera that shows test pictures, and runs the binary there as process 1's only child.
#
#   vivid.sh CACHE BINARY ARGUMENT...
#
# CACHE keeps the kernel between runs. It needs apt-get, dpkg and qemu-system-x86_64 (Debian: qemu-system-x86); it installs nothing. Exits with the binary's status, or 125 if the machine could not be made.
set -eu
cache=$1 binary=$2
shift 2
fail() { echo "vivid.sh: $*" >&2; exit 125; }
for tool in apt-get dpkg-deb qemu-system-x86_64 ldd; do
	command -v $tool >/dev/null || fail "there is no $tool"
done
[ "$(uname -m)" = x86_64 ] || fail "the kernel is for x86_64"

mkdir -p "$cache"
cd "$cache"
if [ ! -e kernel/done ]; then
	rm -rf kernel && mkdir kernel
	image=$(apt-cache depends linux-image-amd64 2>/dev/null | sed -n 's/.*Depends: \(linux-image-[0-9][^ ]*\)$/\1/p' | head -n 1)
	[ -n "$image" ] || fail "apt knows no kernel: run apt-get update"
	(cd kernel && apt-get -q download "$image" busybox-static >&2) || fail "the kernel cannot be had"
	for deb in kernel/*.deb; do dpkg-deb -x "$deb" kernel/root; done
	rm -f kernel/*.deb
	touch kernel/done
fi
linux=$(echo kernel/root/boot/vmlinuz-*)
modules=$(echo kernel/root/lib/modules/* kernel/root/usr/lib/modules/* | tr ' ' '\n' | grep -v '\*' | head -n 1)

# The files of the guest: busybox, the modules in the order in which they need each other, the binary and its libraries.
guest=$(mktemp -d)
trap 'rm -rf "$guest"' EXIT
mkdir -p "$guest/bin" "$guest/proc" "$guest/sys" "$guest/dev" "$guest/tmp" "$guest/modules"
busybox=$(find "$PWD/kernel/root" -name busybox -path '*bin/*' | head -n 1)
cp "$busybox" "$guest/bin/busybox"
n=10
for name in rc-core cec mc videodev videobuf2-common videobuf2-v4l2 videobuf2-memops videobuf2-vmalloc videobuf2-dma-contig \
	v4l2-dv-timings v4l2-tpg vivid; do
	file=$(find "$modules" -name "$name.ko*" | head -n 1)
	[ -n "$file" ] || continue # built in, or of another kernel
	case $file in
	*.xz) "$busybox" xz -dc "$file" >"$guest/modules/$n-$name.ko" ;;
	*) cp "$file" "$guest/modules/$n-$name.ko" ;;
	esac
	n=$((n + 1))
done
cp "$binary" "$guest/test"
ldd "$binary" 2>/dev/null | grep -o '/[^ ]*' | while read -r library; do
	mkdir -p "$guest$(dirname "$library")"
	cp -L "$library" "$guest$library"
done
{
	echo '#!/bin/busybox sh'
	echo '/bin/busybox mount -t proc none /proc; /bin/busybox mount -t sysfs none /sys; /bin/busybox mount -t devtmpfs none /dev'
	echo 'for m in /modules/*; do case $m in *vivid.ko) /bin/busybox insmod $m n_devs=1 node_types=0x1;; *) /bin/busybox insmod $m;; esac; done'
	echo 'export SOTTO_VIVID=1 TMPDIR=/tmp PATH=/bin; cd /tmp'
	printf '/test'
	for argument in "$@"; do printf " '%s'" "$argument"; done
	echo '; echo "vivid.sh: status $?"; /bin/busybox poweroff -f'
} >"$guest/init"
chmod +x "$guest/init"
(cd "$guest" && find . | "$busybox" cpio -o -H newc 2>/dev/null | "$busybox" gzip) >"$guest.cpio"
trap 'rm -rf "$guest" "$guest.cpio"' EXIT

timeout 120 qemu-system-x86_64 -accel tcg -cpu max -m 1024 -smp 2 -nographic -no-reboot -kernel "$linux" -initrd "$guest.cpio" \
	-append 'console=ttyS0 quiet panic=-1' </dev/null | tr -d '\r' >"$guest/log" || fail "the machine did not end"
cat "$guest/log"
status=$(sed -n 's/^vivid.sh: status \([0-9]*\)$/\1/p' "$guest/log")
[ -n "$status" ] || fail "the machine ended before the binary did"
exit "$status"
