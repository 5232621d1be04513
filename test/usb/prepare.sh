#!/bin/bash
# Fills a folder with what QEMU boots: Debian's kernel with its USB serial drivers, udev, busybox, Node, and the
# run-time dependencies of both packages. Does nothing if the folder is up to date.
#   prepare.sh LAB REPOSITORY     LAB: the folder to fill (about 250 MB)
# Needs Debian on x86-64 with busybox-static, cpio, kmod, binutils, dpkg-dev and python3, and apt's package lists.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin
repository=$(cd "$2" && pwd)
node=$(readlink -f "$(command -v node)")
stamp=$(cat "${BASH_SOURCE[0]}" "$repository/package-lock.json" <("$node" --version) | sha256sum)
lab=$(mkdir -p "$1" && cd "$1" && pwd)
cd "$lab"
[ "$(cat stamp 2>/dev/null)" != "$stamp" ] || exit 0
rm -f stamp

if [ ! -f debs/complete ]; then
  rm -rf debs
  mkdir debs
  image=$(apt-cache depends linux-image-amd64 | awk '/Depends: linux-image-/ && !found++ {print $2}')
  (cd debs && apt-get download "$image" udev >download.log 2>&1) || { cat debs/download.log >&2; exit 1; }
  touch debs/complete
fi
work=$(mktemp -d "$lab/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
dpkg -x "$lab"/debs/linux-image-*.deb kern
dpkg -x "$lab"/debs/udev_*.deb udev
version=$(basename kern/lib/modules/*)
depmod -b kern "$version"

# The uncompressed kernel boots about 5 s faster.
python3 - kern/boot/vmlinuz-* "$lab/vmlinux" <<'PY'
import lzma, sys
image = open(sys.argv[1], 'rb').read()
start = image.find(b'\xfd7zXZ\x00')
open(sys.argv[2], 'wb').write(lzma.LZMADecompressor().decompress(image[start:]))
PY

root=$work/root
mkdir -p "$root"/{bin,sbin,dev,proc,sys,run,tmp,etc,usr/bin,lib/udev/rules.d,lib/systemd,app}
cp /bin/busybox "$root/bin/busybox"

# Kernel modules with their dependencies.
for module in xhci_pci usbserial ftdi_sio cdc_acm dummy_hcd usb_f_acm libcomposite; do
  modprobe -d kern -S "$version" --show-depends "$module" | awk '/^insmod/{print $2}'
done | awk '!seen[$0]++' | while read -r file; do
  to=$root/lib/modules/$version/${file#*/lib/modules/"$version"/}
  mkdir -p "$(dirname "$to")"
  cp "$file" "$to"
  strip --strip-debug "$to"
done
cp kern/lib/modules/"$version"/modules.{order,builtin,builtin.modinfo} "$root/lib/modules/$version/"
depmod -b "$root" "$version"

# Programs with their libraries.
add() {
  cp -L "$1" "$root$2"
  ldd "$1" | grep -oE '/[^ ]+\.so[^ ]*' | while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    [ -e "$root$library" ] || cp -L "$library" "$root$library"
  done
}
add udev/bin/udevadm /bin/udevadm
ln -s /bin/udevadm "$root/usr/bin/udevadm"
ln -s /bin/udevadm "$root/lib/systemd/systemd-udevd"
for rule in 50-udev-default 60-serial 80-drivers; do
  cp "udev/lib/udev/rules.d/$rule.rules" "$root/lib/udev/rules.d/"
done
add "$node" /bin/node
strip "$root/bin/node"
echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
# The groups that udev's rules name.
printf '%s:x:%s:\n' root 0 tty 5 disk 6 lp 7 kmem 15 dialout 20 cdrom 24 tape 26 audio 29 video 44 input 100 \
  kvm 101 render 102 sgx 103 >"$root/etc/group"

# The packages that package-lock.json does not mark as development dependencies.
(cd "$repository" && node -e '
  const { packages } = require("./package-lock.json");
  const needed = Object.keys(packages).filter((path) => path.startsWith("node_modules/") && !packages[path].dev && !packages[path].link);
  console.log(needed.filter((path) => require("node:fs").existsSync(path)).join("\n"));') | while read -r path; do
  mkdir -p "$root/app/$(dirname "$path")"
  cp -r "$repository/$path" "$root/app/$(dirname "$path")/"
done
prebuilds=$root/app/node_modules/@serialport/bindings-cpp/prebuilds
find "$prebuilds" -mindepth 1 -maxdepth 1 ! -name linux-x64 -exec rm -r {} +

(cd "$root" && find . -print0 | cpio --null -o -H newc -R +0:+0 --quiet) >"$lab/base.cpio"
echo "$stamp" >"$lab/stamp"
