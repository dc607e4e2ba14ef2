// Matches the words of a command with a usage line.
#pragma once

#include <libresp/service/call.hpp>

namespace resp::detail {

/// Finds the place of each part of `usage` in `words`, which are a whole command, whose number of words is right. Returns false if the words do
/// not fit: the reply is then "ERR syntax error". It never tries a word twice, so the time is linear in the words.
[[nodiscard]] bool match(const Usage& usage, const Words& words, WordPlaces& places) noexcept;

/// The repeat whose child is `node`; 0 if there is none.
[[nodiscard]] std::uint8_t repeat_of(const Usage& usage, std::uint8_t node) noexcept;
/// The number of words that a repeat repeats together.
[[nodiscard]] std::size_t words_of(const Usage& usage, std::uint8_t repeat) noexcept;

}  // namespace resp::detail
