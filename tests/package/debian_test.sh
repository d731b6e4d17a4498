#!/usr/bin/env bash
# debian_test.sh <build tree>: makes the Debian package, installs it into a clean root, and runs the
# first example from another directory. Exit code 77, which skips the test, where there is no cpack
# or dpkg.
set -euo pipefail

build=$1
for tool in cpack dpkg dpkg-shlibdeps; do
  command -v "$tool" >/dev/null || {
    echo "skipped: $tool is not installed"
    exit 77
  }
done
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail() {
  echo "FAILED: $*"
  exit 1
}

cmake --build "$build" --target unnasim pages >"$scratch/log" || fail "the build: $(<"$scratch/log")"
# Packed with gzip, which takes a tenth of the time.
cpack --config "$build/CPackConfig.cmake" -D CPACK_DEBIAN_COMPRESSION_TYPE=gzip -B "$scratch/package" >"$scratch/log" 2>&1 ||
  fail "cpack: $(<"$scratch/log")"
package=$(echo "$scratch"/package/unnasim_*.deb)
dpkg-deb --field "$package" Depends | grep -q libsystemc || fail "the package does not depend on SystemC"

root=$scratch/root
mkdir -p "$root"/var/lib/dpkg/{info,updates,triggers} "$scratch/elsewhere"
touch "$root/var/lib/dpkg/status"
if ((EUID == 0)); then
  # Of a clean root's libraries there is none: what the package needs comes from this system.
  dpkg --root="$root" --log=/dev/null --force-depends --unpack "$package" >"$scratch/log" 2>&1 ||
    fail "dpkg: $(<"$scratch/log")"
else
  dpkg-deb --extract "$package" "$root"
fi

for file in bin/unnasim share/man/man1/unnasim.1 share/bash-completion/completions/unnasim \
  share/zsh/site-functions/_unnasim share/unnasim/workloads/resnet18.yaml \
  share/unnasim/schemas/summary.schema.json share/unnasim/configs/diannao-like-1.yaml share/unnasim/configs/sweeps/cache.yaml \
  share/doc/unnasim/examples/twelve.csv share/doc/unnasim/copyright; do
  [[ -e $root/usr/$file || -e $root/usr/$file.gz ]] || fail "the package has no /usr/$file"
done

cd "$scratch/elsewhere"
unnasim=$root/usr/bin/unnasim
"$unnasim" simulate lenet5 --machine diannao-like-1 --no-timing >text || fail "simulate"
grep -q '^lenet5 on 1 core of diannao-like-1' text || fail "another network or machine: $(<text)"
[[ -s out/lenet5.1/summary.json ]] || fail "no summary"
"$unnasim" plan "$root/usr/share/doc/unnasim/examples/twelve.csv" >/dev/null || fail "plan"
"$unnasim" doctor | grep -q "$root/usr/share/unnasim" || fail "doctor finds other files"
