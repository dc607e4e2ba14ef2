// How names come into the table. At most a quarter of the slots is used, so most names are found in the first one.
#include "names.hpp"

#include <algorithm>

namespace resp::detail {

std::string in_small_letters(std::string_view name) {
    std::string result{name};
    for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return result;
}

void NameTable::insert(std::string_view name, CommandEntry& entry) {
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    const bool is_exact = name.size() <= 16 && std::all_of(name.begin(), name.end(), is_letter);
    const Slot slot{key_of(name), &entry, is_exact ? static_cast<std::uint32_t>(name.size()) : 0,
                    static_cast<std::uint32_t>(names_.size())};
    entries_.push_back(&entry);
    names_.push_back(name);
    if (4 * entries_.size() <= slots_.size()) return place(slot);
    grow();
    place(slot);
}

/// The names keep their order: the first one of those with the same hash stays in its first slot. So a program's commands
/// are found faster than those of the library, which come later.
void NameTable::grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    mask_ = slots_.size() - 1;
    std::erase_if(old, [](const Slot& slot) { return slot.entry == nullptr; });
    std::sort(old.begin(), old.end(), [](const Slot& a, const Slot& b) { return a.name < b.name; });
    for (const Slot& slot : old) place(slot);
}

/// The name is not in its first slot, or its key does not say everything about it.
const CommandEntry* NameTable::find_next(std::string_view name) const noexcept {
    const Key key = key_of(name);
    for (std::size_t i = hash(key); slots_[i].entry != nullptr; i = (i + 1) & mask_) {
        const Slot& slot = slots_[i];
        if (slot.key == key && equals_ignoring_case(names_[slot.name], name)) return slot.entry;
    }
    return nullptr;
}

void NameTable::place(const Slot& slot) noexcept {
    std::size_t i = hash(slot.key);
    while (slots_[i].entry != nullptr) i = (i + 1) & mask_;
    slots_[i] = slot;
}

}  // namespace resp::detail
