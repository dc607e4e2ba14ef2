// Where the keys of a command stand.
#pragma once

#include <libresp/service/detail/command_entry.hpp>
#include <libresp/service/words.hpp>

#include <string_view>
#include <vector>

namespace resp::detail {

struct WordPlaces;

[[nodiscard]] KeyRange key_range_of(const Usage& usage) noexcept;
[[nodiscard]] bool has_key(const Usage& usage) noexcept;
/// Adds the keys of a command whose words were matched.
void add_matched_keys(const Usage& usage, const Words& words, const WordPlaces& places,
                      std::vector<std::string_view>& keys);

}  // namespace resp::detail
