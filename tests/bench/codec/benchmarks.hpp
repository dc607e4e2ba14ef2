// What the groups of benchmarks share. A benchmark's name is <group>/<row>/<column>/<who>; the counter
// "frames" tells how many frames one iteration has, so that the report can say nanoseconds a frame.
#pragma once

#include "corpus.hpp"
#include "parser.hpp"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace bench {

void register_decode(const std::vector<Corpus>& corpora);
void register_encode(const std::vector<Corpus>& corpora);
void register_value(const std::vector<Corpus>& corpora);
void register_growth();

/// Whether a benchmark gave another result than it must.
inline bool any_wrong = false;

/// Ends a benchmark whose result is wrong; the program then fails.
inline void require(benchmark::State& state, bool right) {
    if (right) return;
    any_wrong = true;
    state.SkipWithError("wrong result");
}

inline void report(benchmark::State& state, std::size_t frames, std::size_t bytes) {
    state.counters["frames"] = static_cast<double>(frames);
    state.SetBytesProcessed(static_cast<std::int64_t>(bytes) * state.iterations());
}

/// How often the input was read: in each iteration, and before the first.
inline std::uint64_t passes(const benchmark::State& state) {
    return static_cast<std::uint64_t>(state.iterations()) + 1;
}

/// Reads the same input in each iteration. The first time a parser is measured, one that reads every
/// byte of what it found goes before it; each time, its counts must be right.
template <class Read>
void measure_parser(const std::string& name, const ParserKind& kind, Form form, const Digest& expected,
                    std::size_t bytes, Read read) {
    const auto checked = std::make_shared<bool>(false);
    benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
        if (!*checked) {
            const std::unique_ptr<Parser> checker = kind.make(form, true);
            const bool good = read(*checker);
            const Digest found = checker->digest();
            require(state, good && found.counts(expected, 1) && found.crc == expected.crc);
            *checked = true;
        }
        const std::unique_ptr<Parser> parser = kind.make(form, false);
        bool good = read(*parser);  // warm
        for (auto _ : state) good = read(*parser) && good;
        const Digest counted = kind.walks ? expected : Digest{.frames = expected.frames};
        require(state, good && parser->digest().counts(counted, passes(state)));
        report(state, expected.frames, bytes);
    });
}

}  // namespace bench
