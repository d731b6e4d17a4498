#!/usr/bin/env bash
# installed.sh <build tree> <source tree>: installs the planner alone into an empty prefix, builds the
# example projects against it, and holds what they print.
set -euo pipefail
tree=$1 source=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake --install "$tree" --component planner --prefix "$work/prefix" >"$work/install.log"
library=$(dirname "$(find "$work/prefix" -name libunnasim.so)")
export PKG_CONFIG_PATH=$library/pkgconfig LD_LIBRARY_PATH=$library

# differs NAME: what an example printed against what stands on stdin.
differs() {
  diff -u - "$work/$1.out" || {
    echo "the example in $1 prints something else" >&2
    exit 1
  }
}

# The prefix is where the test put it, not where the tree was configured for.
sed -i "s|^prefix=.*|prefix=$work/prefix|" "$PKG_CONFIG_PATH/unnasim.pc"
cp -r "$source/bindings/examples/c" "$work/c"
make -s -C "$work/c"
"$work/c/planned" >"$work/c.out"
differs c <<'END'
buffer 0 at 8192
buffer 1 at 0
buffer 2 at 8192
peak 12288, bound 12288, optimal
3 violations: 1 is at 4000, not a multiple of its alignment 64
refused: buffer 3, expected less than 3, their number
END

cmake -S "$source/bindings/examples/cpp" -B "$work/cpp" -DCMAKE_PREFIX_PATH="$work/prefix" \
  >"$work/configure.log"
cmake --build "$work/cpp" >"$work/build.log"
"$work/cpp/planned" | head -1 >"$work/cpp.out"
differs cpp <<'END'
bound 12288
END
[[ $("$work/cpp/planned" | grep -c '^auto 12288 optimal$') == 1 ]]
if readelf -d "$library/libunnasim.so" | grep -Ei 'systemc|onnx|protobuf'; then
  echo "the planner needs more than it should" >&2
  exit 1
fi
