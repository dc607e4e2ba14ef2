// libresp_codec_bench FOLDER [FLAG of Google Benchmark...]: times the codec on the corpora of a folder.
#include <benchmark/benchmark.h>

#include "benchmarks.hpp"

#include <cstdio>
#include <exception>

int main(int argc, char* argv[]) try {
    benchmark::Initialize(&argc, argv);
    if (argc != 2) {
        std::fprintf(stderr, "usage: %s FOLDER [--benchmark_...]\n", argv[0]);
        return 2;
    }
    const std::vector<bench::Corpus> corpora = bench::load_corpora(argv[1]);
    bench::register_decode(corpora);
    bench::register_encode(corpora);
    bench::register_value(corpora);
    bench::register_growth();
    benchmark::AddCustomContext("compiler", LIBRESP_BENCH_COMPILER);
    benchmark::RunSpecifiedBenchmarks();
    return bench::any_wrong ? 1 : 0;
} catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return 1;
}
