// Some words of a command, for arguments that a client may repeat.
#pragma once

#include <libresp/codec/command.hpp>

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string_view>

namespace resp {

/// Words of a command that stand one after another, for example the keys of `DEL key [key ...]`. Cheap to copy. It
/// and its words are valid as long as the command: in a function of Commands until the function returns or, if it is a
/// coroutine, ends.
///
///     for (std::string_view key : keys) removed += store.erase(key);
class Words {
public:
    class iterator;

    Words(Command command, std::size_t first, std::size_t size) noexcept
        : command_(command), first_(first), size_(size) {
        assert(first + size <= command.size() || size == 0);
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    /// The word at position `i`, which must be less than size(). Takes constant time.
    [[nodiscard]] std::string_view operator[](std::size_t i) const noexcept {
        assert(i < size_);
        return command_[first_ + i];
    }
    /// The same as an integer; see Command::integer().
    [[nodiscard]] std::optional<std::int64_t> integer(std::size_t i) const noexcept {
        assert(i < size_);
        return command_.integer(first_ + i);
    }
    [[nodiscard]] iterator begin() const noexcept;
    [[nodiscard]] iterator end() const noexcept;

private:
    Command command_;
    std::size_t first_;
    std::size_t size_;
};

/// Walks words in order.
class Words::iterator {
public:
    using iterator_category = std::input_iterator_tag;
    using iterator_concept = std::forward_iterator_tag;
    using value_type = std::string_view;
    using difference_type = std::ptrdiff_t;
    using reference = std::string_view;
    using pointer = void;

    iterator() = default;
    [[nodiscard]] std::string_view operator*() const noexcept { return (*words_)[i_]; }
    iterator& operator++() noexcept {
        ++i_;
        return *this;
    }
    iterator operator++(int) noexcept {
        iterator old = *this;
        ++i_;
        return old;
    }
    [[nodiscard]] friend bool operator==(const iterator& a, const iterator& b) noexcept {
        return a.i_ == b.i_;
    }

private:
    friend class Words;
    iterator(const Words& words, std::size_t i) noexcept : words_(&words), i_(i) {}

    const Words* words_ = nullptr;
    std::size_t i_ = 0;
};

inline Words::iterator Words::begin() const noexcept { return {*this, 0}; }
inline Words::iterator Words::end() const noexcept { return {*this, size_}; }

}  // namespace resp
