// The parser that reference() runs: one function for each rule. Only reference.cpp and reference_text.cpp use
// it.
#pragma once

#include <libresp/codec/limits.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "outcome.hpp"

namespace fuzz {

/// The byte at `at` is not allowed there.
struct Wrong {
    resp::Errc code;
    std::size_t at;
};
struct Cut {};  // every byte is allowed, but more are needed

class Reference {
public:
    Reference(std::string_view bytes, resp::Reads reads, const resp::Limits& limits)
        : bytes_(bytes), reads_(reads), limits_(resp::limits::clamped(limits, reads)) {}

    Outcome read();

private:
    std::optional<Tree> frame();
    Tree value(std::size_t depth, bool push_allowed);
    Tree bare_value(std::size_t depth, bool push_allowed);
    Tree inline_line();

    Tree aggregate(resp::Type type, std::size_t depth, bool push_allowed);
    std::vector<Tree> streamed_values(resp::Type type, std::size_t depth);
    Tree null_of(resp::Type type, resp::Errc malformed);
    Tree negative_array();

    Tree string(resp::Type type);
    Tree streamed_string();
    std::string body(std::uint64_t size);

    Tree line(resp::Type type);
    void double_text();
    void nan_payload();
    void word(std::string_view letters);
    bool text_goes_on_with(std::string_view bytes);
    void big_number_text();
    Tree integer();
    Tree boolean();
    Tree null();

    std::uint64_t length(std::uint64_t most, resp::Errc malformed, resp::Errc over);
    void digits(resp::Errc malformed);
    void end_line(resp::Errc malformed);
    [[noreturn]] void bad_text(resp::Errc malformed);
    bool line_goes_on();

    [[noreturn]] void wrong(resp::Errc code) const { throw Wrong{code, at_}; }
    [[noreturn]] static void wrong(resp::Errc code, std::size_t at) { throw Wrong{code, at}; }
    char peek(std::size_t ahead = 0) const {
        if (end_ - at_ <= ahead) throw Cut{};
        return bytes_[at_ + ahead];
    }
    /// The text from `begin` to the current position.
    std::string text_from(std::size_t begin) const { return std::string{bytes_.substr(begin, at_ - begin)}; }

    std::string_view bytes_;
    resp::Reads reads_;
    resp::Limits limits_;
    std::size_t at_ = 0;
    std::size_t end_ = 0;   // of the bytes that this frame may have
    std::size_t text_ = 0;  // where the text of the line begins
};

}  // namespace fuzz
