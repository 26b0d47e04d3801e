#!/bin/sh
# oneDNN 3: makes a folder with Debian 13 in it, and runs there what must hold on version 3 as on 2.
# Usage, as root, after npm ci: test/debian13.sh [FOLDER]      FOLDER is kept, and used again.
# MIRROR names another mirror of Debian; TESTS other tests.
set -eu

repository=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:-$(mktemp -d)}
mirror=${MIRROR:-http://deb.debian.org/debian}
tests=${TESTS:-src/engines/onednn src/ops/gradients.test.ts test/parity test/cli/devices.test.ts}

if [ ! -e "$folder/usr/bin/node" ]; then
  debootstrap --variant=minbase --include=nodejs,ca-certificates,libdnnl3.6 \
    trixie "$folder" "$mirror"
fi

# A copy, so that nothing here is touched; what Node asks of the system is in /proc.
(cd "$repository" && npm run build)
rm -rf "$folder/excite"
mkdir "$folder/excite"
tar -C "$repository" --exclude=./.git --exclude=./runs -cf - . | tar -C "$folder/excite" -xf -
mount -t proc proc "$folder/proc"
trap 'umount "$folder/proc"' EXIT

inside() {
  chroot "$folder" env -i PATH=/usr/bin:/bin HOME=/root EXCITE_CYCLES="${CYCLES:-1000}" "$@"
}

inside sh -ec '
  cd /excite
  node --version
  node dist/cli/main.js devices
  node dist/cli/main.js train se-resnet8 --device onednn --samples 320,100 --size 16 --epochs 2 \
    --out "$(mktemp -d)/run"
'
# shellcheck disable=SC2086  # several tests
inside sh -ec 'cd /excite && exec node node_modules/vitest/vitest.mjs run --no-file-parallelism "$@"' \
  vitest $tests
