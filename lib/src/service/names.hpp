// Finds a command by its name, whatever the case of its letters.
//
// The key of a name is 16 bytes: of up to 16 bytes of name, all of them are in it. Setting bit 5 of each byte folds the
// case of letters without a branch. It also folds bytes that are no letters, so a name that has other bytes, or more
// than 16, is compared once more.
#pragma once

#include <libresp/codec/command.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace resp::detail {

struct CommandEntry;

[[nodiscard]] std::string in_small_letters(std::string_view name);

class NameTable {
public:
    /// `name` in any case. The entry must stay where it is, and its text outlive the table.
    void insert(std::string_view name, CommandEntry& entry);
    [[nodiscard]] const CommandEntry* find(std::string_view name) const noexcept {
        if (name.empty()) return nullptr;
        const Key key = key_of(name);
        const Slot& first = slots_.data()[hash(key)];
        if (first.key == key && first.exact_size == name.size()) [[likely]]
            return first.entry;
        return find_next(name);
    }
    /// In the order of insertion.
    [[nodiscard]] const std::vector<CommandEntry*>& entries() const noexcept { return entries_; }

private:
    struct Key {
        std::uint64_t first, last;
        friend bool operator==(const Key&, const Key&) = default;
    };
    struct Slot {
        Key key{};
        CommandEntry* entry = nullptr;
        std::uint32_t exact_size = 0;  // of the name, if key and size say everything about it; else 0
        std::uint32_t name = 0;        // in names_
    };
    static_assert(sizeof(Slot) == 32);

    template <class Word>
    static std::uint64_t load(const char* from) noexcept {
        Word word;
        std::memcpy(&word, from, sizeof word);
        return word;
    }
    static Key key_of(std::string_view name) noexcept {
        constexpr std::uint64_t fold = 0x2020'2020'2020'2020;
        const char* const begin = name.data();
        const std::size_t n = name.size();
        if (n >= 8) return {load<std::uint64_t>(begin) | fold, load<std::uint64_t>(begin + n - 8) | fold};
        if (n >= 4) return {load<std::uint32_t>(begin) | fold, load<std::uint32_t>(begin + n - 4) | fold};
        const std::uint64_t bytes = load<std::uint8_t>(begin) | load<std::uint8_t>(begin + n / 2) << 8;
        return {(bytes | load<std::uint8_t>(begin + n - 1) << 16) | fold, 0};
    }
    [[nodiscard]] std::size_t hash(const Key& key) const noexcept {
        const std::uint64_t mixed = (key.first ^ (key.last * 0x9E37'79B9'7F4A'7C15)) * 0xD6E8'FEB8'6659'FD93;
        return static_cast<std::size_t>(mixed >> 40) & mask_;
    }
    [[nodiscard]] const CommandEntry* find_next(std::string_view name) const noexcept;
    void grow();
    void place(const Slot& slot) noexcept;

    std::vector<Slot> slots_{std::vector<Slot>(4)};
    std::size_t mask_ = 3;
    std::vector<CommandEntry*> entries_;
    std::vector<std::string_view> names_;  // of the entries
};

}  // namespace resp::detail
