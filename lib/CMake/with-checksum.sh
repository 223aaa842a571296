#!/bin/sh
# with-checksum.sh COMPILER ARGUMENTS...: compiles. Beside a precompiled header, as
# <header>.sum, goes a checksum of all files that it was made from.
set -e
"$@"
output= dependencies=
previous=
for argument; do
  case $previous in
  -o) output=$argument ;;
  -MF) dependencies=$argument ;;
  esac
  previous=$argument
done
case $output in
*.pch)
  # A make rule: the target, a colon, and files on continued lines.
  sed -e 's/^[^:]*: //' -e 's/\\$//' "$dependencies" | tr -s ' ' '\n' |
    grep . | xargs cat | sha256sum >"$output.sum"
  ;;
esac
