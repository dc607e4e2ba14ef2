// A request read as a command: a name and arguments, as Redis' clients send them.
#pragma once

#include <libresp/codec/view.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace resp {

namespace detail {
[[nodiscard]] bool same_but_for_case(const char* a, const char* b, std::size_t size) noexcept;
}

/// Whether two texts are the same but for the case of ASCII letters; so names of commands compare.
[[nodiscard]] inline bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && detail::same_but_for_case(a.data(), b.data(), a.size());
}

/// A request as a command. Cheap to copy; lives as long as the view that it reads.
///
///     *3\r\n $3\r\nset\r\n $3\r\nkey\r\n $1\r\n7\r\n      is("SET"), size() 3, [1] "key", integer(2) 7
///
/// Any array can be read as one; a word that is no text is empty. Of anything else the command is empty,
/// with size() 0.
class Command {
public:
    explicit Command(View request) noexcept
        : request_(request), size_(request.type() == Type::array ? request.size() : 0) {}

    /// The first word, as sent; empty if there is none.
    [[nodiscard]] std::string_view name() const noexcept { return (*this)[0]; }
    /// Whether the name is this one, in any case.
    [[nodiscard]] bool is(std::string_view name) const noexcept {
        return equals_ignoring_case(this->name(), name);
    }
    /// Words, the name included.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// The word at position `i`, the name being 0; empty behind the last.
    [[nodiscard]] std::string_view operator[](std::size_t i) const noexcept {
        return i < size_ ? request_[i].text() : std::string_view{};
    }
    /// The word at position `i` as an integer; nothing unless it is a canonical decimal of 64 bits.
    [[nodiscard]] std::optional<std::int64_t> integer(std::size_t i) const noexcept;

private:
    View request_;
    std::size_t size_;
};

/// The text of an error reply, without `-`, in the words that clients match on:
/// "ERR unknown command 'x', with args beginning with: 'a' 'b' ".
[[nodiscard]] std::string unknown_command(const Command& command);
/// "ERR wrong number of arguments for 'get' command"
[[nodiscard]] std::string wrong_number_of_arguments(std::string_view name);
/// "ERR unknown subcommand 'x'. Try CLIENT HELP." for the command CLIENT.
[[nodiscard]] std::string unknown_subcommand(const Command& command);

inline constexpr std::string_view syntax_error = "ERR syntax error";
inline constexpr std::string_view not_an_integer = "ERR value is not an integer or out of range";

}  // namespace resp
