// The memory of frames of many tiny values. Most of it is the index, which has an entry of 16 bytes for each value.
#include <libresp/codec/decoder.hpp>
#include <libresp/codec/value.hpp>

#include <string>

#include "support/catch.hpp"
#include "support/describe.hpp"
#include "support/pieces.hpp"

using resp::Decoder;
using resp::Reads;
using support::repeat;

namespace {

constexpr resp::Limits wide{.max_elements = SIZE_MAX};

/// A frame that repeats `part`, which has this many entries in the index.
struct Form {
    std::string part;
    std::size_t entries;
    Reads reads = Reads::replies;

    [[nodiscard]] bool is_line() const { return part.back() == ' '; }
    [[nodiscard]] std::string frame(std::size_t parts) const {
        if (is_line()) return repeat(part, parts) + "\n";
        return "*" + std::to_string(parts) + "\r\n" + repeat(part, parts);
    }
};

const Form forms[] = {
    {"_\r\n", 1},
    {"+\r\n", 1},
    {":1\r\n", 1},
    {"*0\r\n", 1},
    {"*1\r\n_\r\n", 2},
    {"%1\r\n_\r\n_\r\n", 3},
    {"|1\r\n_\r\n_\r\n_\r\n", 4},
    {"*?\r\n_\r\n.\r\n", 3},
    {"$?\r\n;0\r\n", 2},
    {"$0\r\n\r\n", 1, Reads::commands},
    {"a ", 1, Reads::commands},
    {"\"\" ", 1, Reads::commands},
    {"\"a\" ", 1, Reads::commands},
};

/// Whether `memory` is little more than what `bytes` of such a frame and their entries need.
bool is_little(std::size_t memory, std::size_t bytes, const Form& form) {
    const std::size_t needed = bytes + 16 * form.entries * (bytes / form.part.size());
    return memory <= needed + needed / 32 + 16 * 1024;
}

void require_little(const Form& form, std::size_t size, std::size_t piece, bool lent) {
    CAPTURE(form.part, size, piece, lent);
    const std::string bytes = form.frame(size / form.part.size());
    Decoder decoder{wide, form.reads};
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        const std::string_view part = std::string_view{bytes}.substr(at, piece);
        lent ? decoder.feed(part) : support::receive(decoder, part);
        const auto frame = decoder.next();
        REQUIRE(frame.has_value() == (at + part.size() == bytes.size()));
        if (frame) CHECK(is_little(decoder.memory(), bytes.size(), form));
        if (lent) decoder.release();
        CHECK(is_little(decoder.memory(), at + part.size(), form));
    }
}

}  // namespace

TEST_CASE("tiny values take little more memory than their bytes and their entries in the index") {
    for (const Form& form : forms) {
        for (const std::size_t size : {30'000, 64'000, 200'000, 700'000}) {
            if (form.is_line() && size > 64'000) continue;
            for (const std::size_t piece : {1'000, 16'384, 2'000'000}) {
                for (const bool lent : {false, true}) require_little(form, size, piece, lent);
            }
        }
    }
}

TEST_CASE("a Value of tiny values takes little more memory than their bytes and their entries") {
    for (const Form& form : forms) {
        CAPTURE(form.part);
        const std::string bytes = form.frame(64'000 / form.part.size());
        const resp::Parsed parsed = resp::parse(bytes, wide, form.reads);
        REQUIRE(parsed);
        CHECK(is_little((*parsed).memory(), bytes.size(), form));
    }
}
