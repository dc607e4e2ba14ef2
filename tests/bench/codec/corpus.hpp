// The inputs: what corpus.py wrote, and the one that is too large to lie in a file.
#pragma once

#include "digest.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// What a parser must know to read an input.
enum class Form { command, inline_line, resp2, resp3 };

/// Whole frames, and what a correct parser finds in them. At least `slack` bytes behind them can be read.
struct Input {
    std::string_view bytes;
    Digest expected;
};

inline constexpr std::size_t slack = 64;
inline constexpr std::size_t chunk_size = 16 * 1024;  // what one read of a socket brings

struct Corpus {
    std::string name;
    Form form{};
    Input hot;     // the first frames of the stream, which a cache holds
    Input stream;  // too long for the branch predictor to know it by heart
    std::shared_ptr<const char> memory;
};

/// Bytes in memory of large pages where there are any, so that misses of the TLB do not blur the
/// parsers, with the slack behind them.
[[nodiscard]] std::shared_ptr<char> large_block(std::size_t size);

/// All of a folder that corpus.py wrote. Throws std::runtime_error.
[[nodiscard]] std::vector<Corpus> load_corpora(const std::string& folder);

/// One bulk string of 64 MiB, made while it is read.
struct BigString {
    static constexpr std::size_t size = 64u << 20;
    std::string header = "$67108864\r\n";
    std::string chunk;  // comes again and again
    std::string end = "\r\n";
    Digest expected;

    BigString();
};

}  // namespace bench
