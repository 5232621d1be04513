#!/bin/sh
# Runs a command as if a USB device with two serial ports were plugged in: unshare -m sh fake-usb.sh PTY PTY COMMAND...
# Its ports are /dev/ttyACM0 and /dev/ttyACM1. A PTY of "-" has no node in /dev, and "PTY=NAME" is /dev/NAME instead.
set -e
mount --make-rprivate /
mount -t tmpfs none /sys
device=/sys/devices/usb1/1-1
mkdir -p $device /sys/class/tty /sys/dev/char
echo 239a >$device/idVendor
echo 80f4 >$device/idProduct
echo E6614C31 >$device/serial

# Another device, which has no driver.
mkdir -p /sys/bus/usb/devices/1-2 /sys/bus/usb/devices/1-2:1.0
echo 1a86 >/sys/bus/usb/devices/1-2/idVendor
echo 7523 >/sys/bus/usb/devices/1-2/idProduct

# A new /dev, with what every program needs.
mount -t tmpfs none /mnt
for name in null zero full tty urandom random ptmx; do
  touch /mnt/$name
  mount --bind /dev/$name /mnt/$name
done
mkdir /mnt/pts /mnt/shm
mount --bind /dev/pts /mnt/pts
ln -s /proc/self/fd /mnt/fd

for number in 0 1; do
  pty=${1%%=*} name=ttyACM$number
  interface=$device/1-1:1.$((2 * number))
  mkdir -p $interface/tty/$name
  echo 0$((2 * number)) >$interface/bInterfaceNumber
  echo "CDC$number" >$interface/interface
  ln -s $interface $interface/tty/$name/device
  ln -s $interface/tty/$name /sys/class/tty/$name
  if [ "$pty" = - ]; then
    echo 166:$number >$interface/tty/$name/dev
  else
    stat -Lc %Hr:%Lr "$pty" >$interface/tty/$name/dev
    ln -s $interface/tty/$name "/sys/dev/char/$(stat -Lc %Hr:%Lr "$pty")"
    case $1 in *=*) node=${1#*=} ;; *) node=$name ;; esac
    touch "/mnt/$node"
    mount --bind "$pty" "/mnt/$node"
  fi
  shift
done
mount --rbind /mnt /dev
exec "$@"
