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
    Slot slot{key_of(name), name, &entry, false};
    slot.is_exact = name.size() <= 16 && std::all_of(name.begin(), name.end(), is_letter);
    entries_.push_back(&entry);
    if (4 * entries_.size() <= slots_.size()) return place(slot);
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    mask_ = slots_.size() - 1;
    for (const Slot& each : old) {
        if (each.entry != nullptr) place(each);
    }
    place(slot);
}

void NameTable::place(const Slot& slot) noexcept {
    std::size_t i = hash(slot.key);
    while (slots_[i].entry != nullptr) i = (i + 1) & mask_;
    slots_[i] = slot;
}

}  // namespace resp::detail
