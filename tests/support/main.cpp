// main() of every test executable. Version 2 of Catch2 compiles its runner here; 3 has a library.
#define CATCH_CONFIG_RUNNER
#include "catch.hpp"

int main(int argc, char* argv[]) { return Catch::Session().run(argc, argv); }
