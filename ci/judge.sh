#!/bin/sh
# Judges a target as a job of CI does; GitHub's action and the container call it. Settings are DICOMWEB_* variables
# (DICOMWEB_URL or DICOMWEB_TARGET says who is judged), options are arguments. Its status is that of the run.
set -eu

report="${DICOMWEB_REPORT:-dicomweb-report}"
if [ -n "${DICOMWEB_BASELINE:-}" ] && [ ! -f "$DICOMWEB_BASELINE" ]; then
  # The first run has nothing to be held against: what fails fails the job, and says what to keep.
  echo "There is no baseline $DICOMWEB_BASELINE yet. To let later runs fail only by what got worse, commit"
  echo "$report/report.json, which this run writes, as $DICOMWEB_BASELINE."
  unset DICOMWEB_BASELINE
fi
if [ -n "${DICOMWEB_TARGET:-}" ]; then
  set -- "--dicomweb-target=$DICOMWEB_TARGET" "$@"
elif [ -n "${DICOMWEB_URL:-}" ]; then
  set -- "$DICOMWEB_URL" "$@"
else
  echo "Who is to be judged? Set DICOMWEB_URL to the base URL of the Studies Service, or DICOMWEB_TARGET to a target.toml." >&2
  exit 4
fi
exec dicomweb-conformance run "$@" -q "--dicomweb-report=$report" "--junitxml=$report/junit.xml"
