#!/bin/sh
# Compiles a consumer with what pkg-config tells, and runs it: <component> <program to make>.
case $1 in
    codec) module=libresp-codec ;;
    server) module=libresp ;;
esac
flags=$(pkg-config --cflags --libs "$module")
# shellcheck disable=SC2086 # flags are words
$CXX -std=c++20 $CXXFLAGS "$(dirname "$0")/$1/main.cpp" $flags -o "$2"
exec "$2"
