// Reads the bytes of a fuzzer's input as numbers and texts, for targets whose actions depend on them.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace fuzz {

/// The next number or text from the bytes of the input. Zeros when the bytes are used up.
class Script {
public:
    Script(const std::uint8_t* data, std::size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}

    bool empty() const { return rest_.empty(); }
    std::uint8_t byte() { return static_cast<std::uint8_t>(take(1).front()); }
    /// One of 0 to n - 1.
    std::size_t below(std::size_t n) { return byte() % n; }
    std::uint64_t number() { return std::bit_cast<std::uint64_t>(take8()); }
    std::string text() {
        const std::size_t size = byte();
        const std::string text{rest_.substr(0, size)};
        rest_.remove_prefix(text.size());
        return text;
    }

private:
    std::string take(std::size_t n) {
        std::string bytes{rest_.substr(0, n)};
        rest_.remove_prefix(bytes.size());
        bytes.resize(n);
        return bytes;
    }
    std::array<char, 8> take8() {
        std::array<char, 8> bytes{};
        const std::string taken = take(bytes.size());
        std::copy(taken.begin(), taken.end(), bytes.begin());
        return bytes;
    }

    std::string_view rest_;
};

}  // namespace fuzz
