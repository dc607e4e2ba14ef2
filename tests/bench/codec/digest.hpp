// What a parser says it found, and the visitors that collect it: two cheap enough to be timed, and one
// that reads every byte. Each parser calls the same visitor for the same leaf, so that all of them
// do the same work with what they found.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

/// Its members are the manifest's columns; see corpus.py.
struct Digest {
    std::uint64_t frames = 0;
    std::uint64_t leaves = 0;
    std::uint64_t text_bytes = 0;
    std::uint64_t integers = 0;
    std::uint32_t crc = 0;  // only a Checker's

    /// Whether it is this digest `n` times over, but for the CRC.
    [[nodiscard]] bool counts(const Digest& once, std::uint64_t n) const noexcept {
        return frames == once.frames * n && leaves == once.leaves * n && text_bytes == once.text_bytes * n &&
               integers == once.integers * n;
    }
};

/// Counts. What timed parsers report to.
class Counter {
public:
    void frame() noexcept { ++digest_.frames; }
    void null() noexcept { ++digest_.leaves; }
    void integer(std::int64_t value) noexcept {
        ++digest_.leaves;
        digest_.integers += static_cast<std::uint64_t>(value);
    }
    void text(std::string_view bytes) noexcept {
        ++digest_.leaves;
        digest_.text_bytes += bytes.size();
    }
    /// A leaf that is read through accessors which fit every type: a number, or a text or null.
    void leaf(bool is_number, std::int64_t number, std::string_view bytes) noexcept {
        ++digest_.leaves;
        digest_.integers += static_cast<std::uint64_t>(number);
        digest_.text_bytes += is_number ? 0 : bytes.size();
    }
    /// A piece of a text that comes in parts; end_text() follows the last.
    void part(std::string_view bytes) noexcept { digest_.text_bytes += bytes.size(); }
    void end_text() noexcept { ++digest_.leaves; }

    [[nodiscard]] const Digest& digest() const noexcept { return digest_; }

private:
    Digest digest_;
};

/// Counts frames. What a parser reports to whose values nobody looks at.
class FrameCounter {
public:
    void frame() noexcept { ++digest_.frames; }
    [[nodiscard]] const Digest& digest() const noexcept { return digest_; }

private:
    Digest digest_;
};

/// CRC-32 as of zlib, which is what the manifest is written with.
[[nodiscard]] inline std::uint32_t crc32(std::uint32_t crc, std::string_view bytes) noexcept {
    static constexpr auto table = [] {
        std::array<std::uint32_t, 256> entries{};
        for (std::uint32_t i = 0; i != entries.size(); ++i) {
            std::uint32_t entry = i;
            for (int bit = 0; bit != 8; ++bit) entry = (entry >> 1) ^ ((entry & 1) != 0 ? 0xEDB88320u : 0);
            entries[i] = entry;
        }
        return entries;
    }();
    crc = ~crc;
    for (const char c : bytes) crc = (crc >> 8) ^ table[(crc ^ static_cast<unsigned char>(c)) & 0xFF];
    return ~crc;
}

/// Counts, and reads all that was found.
class Checker {
public:
    void frame() noexcept { counter_.frame(); }
    void null() noexcept {
        counter_.null();
        end_leaf({});
    }
    void integer(std::int64_t value) {
        counter_.integer(value);
        end_leaf(std::to_string(value));
    }
    void text(std::string_view bytes) noexcept {
        counter_.text(bytes);
        end_leaf(bytes);
    }
    void leaf(bool is_number, std::int64_t number, std::string_view bytes) {
        if (is_number) {
            integer(number);
        } else {
            text(bytes);
        }
    }
    void part(std::string_view bytes) noexcept {
        counter_.part(bytes);
        crc_ = crc32(crc_, bytes);
    }
    void end_text() noexcept {
        counter_.end_text();
        end_leaf({});
    }

    [[nodiscard]] Digest digest() const noexcept {
        Digest found = counter_.digest();
        found.crc = crc_;
        return found;
    }

private:
    void end_leaf(std::string_view bytes) noexcept { crc_ = crc32(crc32(crc_, bytes), "\n"); }

    Counter counter_;
    std::uint32_t crc_ = 0;
};

}  // namespace bench
