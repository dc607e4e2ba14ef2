// Random changes to an input, the same on every machine. A simple fuzzer for builds without libFuzzer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace fuzz {

class Mutator {
public:
    Mutator(std::vector<std::string> seeds, std::vector<std::string> words)
        : seeds_(std::move(seeds)), words_(std::move(words)) {}

    /// A seed after a few changes.
    [[nodiscard]] std::string next();

private:
    void change(std::string& bytes);
    [[nodiscard]] std::size_t below(std::size_t n) { return n == 0 ? 0 : random_() % n; }

    std::vector<std::string> seeds_;
    std::vector<std::string> words_;
    std::mt19937_64 random_;  // with the default seed
};

/// The words of a libFuzzer dictionary: one line each, in quotes, with \xHH for bytes that are not printable.
[[nodiscard]] std::vector<std::string> read_dictionary(const std::string& path);

}  // namespace fuzz
