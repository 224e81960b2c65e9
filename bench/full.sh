#!/usr/bin/env bash
# What is too heavy for CI, once before a release; the result and the date go to docs/full.md. Run it in the
# environment of the tests. OLDEST_PYTHON names an interpreter for the oldest allowed versions (python3.8).
set -uo pipefail
cd "$(dirname "$0")/.."
export CI=true  # a missing download fails instead of being left out
options="-n auto --dist loadgroup --durations=10"
failed=0

printf '\n== all that CI samples\n'
python -m pytest -m full $options || failed=1
for which in oldest newest; do
    printf '\n== the core suite with the %s allowed versions\n' "$which"
    interpreter=python
    [ "$which" = oldest ] && interpreter=${OLDEST_PYTHON:-python}
    python bench/versions.py "$which" --python "$interpreter" $options || failed=1
done
exit $failed
