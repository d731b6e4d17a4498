#!/usr/bin/env bash
# Draws docs/pictures anew.
set -euo pipefail
root=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)
mkdir -p "$root/docs/pictures"
python3 "$root/scripts/machine_picture.py" >"$root/docs/pictures/machine.svg"
