#!/bin/sh
# pkg-config.sh COMPONENT PROGRAM: compiles the consumer of that component to PROGRAM with the flags that
# pkg-config prints, and runs it.
case $1 in
    codec) module=libresp-codec ;;
    server) module=libresp ;;
esac
flags=$(pkg-config --cflags --libs "$module")
# shellcheck disable=SC2086 # several words
$CXX -std=c++20 $CXXFLAGS "$(dirname "$0")/$1/main.cpp" $flags -o "$2"
exec "$2"
