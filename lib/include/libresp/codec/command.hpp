// Reads a request as a command: a name and its arguments, as Redis clients send them. Also the error texts
// that Redis sends for a command it cannot run.
#pragma once

#include <libresp/codec/view.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

namespace resp {

namespace detail {
[[nodiscard]] bool same_ignoring_case(const char* a, const char* b, std::size_t size) noexcept;
}

/// Whether two texts are equal if upper and lower case of ASCII letters count as equal. Command names are
/// compared this way.
[[nodiscard]] inline bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && detail::same_ignoring_case(a.data(), b.data(), a.size());
}

/// A request as a list of words. Cheap to copy. It and its words are valid as long as the view it was made
/// from.
///
///     *3\r\n $3\r\nset\r\n $3\r\nkey\r\n $1\r\n7\r\n      is("SET"), size() 3, [1] "key", integer(2) 7
///
///     for (std::string_view word : command) use(word);   // "set", "key", "7"
///
/// Any array is a command; an element that has no text is an empty word. Any other value is a command without
/// words.
class Command {
public:
    class iterator;

    explicit Command(View request) noexcept
        : request_(request),
          size_(request.type() == Type::array ? request.size() : 0),
          strings_(detail::plain_strings(request)) {}

    /// What it was made from.
    [[nodiscard]] View value() const noexcept { return request_; }
    /// The first word, as sent. Empty if there is none.
    [[nodiscard]] std::string_view name() const noexcept { return (*this)[0]; }
    /// Whether the first word equals `name`. Upper and lower case of ASCII letters count as equal.
    [[nodiscard]] bool is(std::string_view name) const noexcept {
        return equals_ignoring_case(this->name(), name);
    }
    /// The number of words, including the name.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    /// The word at position `i`. Position 0 is the name. Empty if `i` is not below size().
    [[nodiscard]] std::string_view operator[](std::size_t i) const noexcept {
        if (i >= size_) return {};
        if (strings_ != nullptr) [[likely]]
            return detail::plain_text(request_, strings_[i]);
        return request_[i].text();
    }
    /// The word at position `i` as an integer. Empty unless the word is a signed decimal number of 64 bits,
    /// without a plus sign and without leading zeros. "-0" is refused as well.
    [[nodiscard]] std::optional<std::int64_t> integer(std::size_t i) const noexcept;

    /// The words in order, the name first: a forward range of std::string_view.
    [[nodiscard]] iterator begin() const noexcept;
    [[nodiscard]] iterator end() const noexcept;

private:
    View request_;
    std::size_t size_;
    const detail::Node* strings_;  // the words of an array of bulk strings, as clients send it; else null
};

/// Walks the words of a command. It stays valid when the Command itself is gone.
class Command::iterator {
public:
    using iterator_category = std::input_iterator_tag;
    using iterator_concept = std::forward_iterator_tag;
    using value_type = std::string_view;
    using difference_type = std::ptrdiff_t;
    using reference = std::string_view;
    using pointer = void;

    iterator() = default;
    [[nodiscard]] std::string_view operator*() const noexcept { return (*element_).text(); }
    iterator& operator++() noexcept {
        ++element_;
        return *this;
    }
    iterator operator++(int) noexcept { return iterator{element_++}; }
    [[nodiscard]] friend bool operator==(const iterator& a, const iterator& b) noexcept {
        return a.element_ == b.element_;
    }

private:
    friend class Command;
    explicit iterator(View::iterator element) noexcept : element_(element) {}

    View::iterator element_;
};

inline Command::iterator Command::begin() const noexcept {
    return iterator{empty() ? request_.end() : request_.begin()};  // a map has elements, but no words
}
inline Command::iterator Command::end() const noexcept { return iterator{request_.end()}; }

// The texts of error replies, without `-`: send them with Encoder::simple_error(). Clients compare these
// texts, so they are exactly those of Redis. They quote at most 128 bytes of a word, not escaped.

/// "ERR unknown command 'x', with args beginning with: 'a' 'b' ". It quotes at most about 128 bytes of the
/// arguments.
[[nodiscard]] std::string unknown_command(const Command& command);
/// "ERR wrong number of arguments for 'get' command". The name is written in lower case.
[[nodiscard]] std::string wrong_number_of_arguments(std::string_view name);
/// For the command `client x`: "ERR unknown subcommand 'x'. Try CLIENT HELP."
[[nodiscard]] std::string unknown_subcommand(const Command& command);

inline constexpr std::string_view syntax_error = "ERR syntax error";
inline constexpr std::string_view not_an_integer = "ERR value is not an integer or out of range";

}  // namespace resp

// A Command refers to its words and does not own them. So std::ranges may copy it and may keep its iterators.
template <>
inline constexpr bool std::ranges::enable_view<resp::Command> = true;
template <>
inline constexpr bool std::ranges::enable_borrowed_range<resp::Command> = true;
