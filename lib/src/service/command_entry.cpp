// What follows from the usage line of a command.
#include <libresp/service/detail/check_parameters.hpp>
#include <libresp/service/detail/command_entry.hpp>

#include "key_positions.hpp"
#include "names.hpp"

#include <algorithm>

namespace resp::detail {

namespace {

std::string name_of(const Usage& usage) {
    std::string name{usage.name()};
    if (!usage.subcommand().empty()) name.append("|").append(usage.subcommand());
    return in_small_letters(name);
}

/// The node whose place is that of the word which binds to a parameter: of [word], the word.
std::uint8_t bound_node(const Usage& usage, std::uint8_t node) {
    if (usage[node].kind != UsageNode::Kind::optional) return node;
    return usage[usage[node].child].child;
}

}  // namespace

CommandEntry::CommandEntry(std::string_view text, Function does, CommandTraits said)
    : line(text),
      usage(line),
      function(std::move(does)),
      traits(std::move(said)),
      name(name_of(usage)),
      keys(key_range_of(usage)),
      checks_words(!usage.is_simple()) {
    update();
    std::size_t n = 0;
    for (std::uint8_t i = usage.first(); i != 0 && n != most_bound; i = usage[i].sibling) {
        if (kind_of(usage, usage[i]) != ParameterKind::other) bound[n++] = bound_node(usage, i);
    }
}

CommandEntry::~CommandEntry() = default;

void CommandEntry::update() noexcept {
    is_special = checks_words || usage.repeated_words() > 1 || traits.admin || subcommands != nullptr ||
                 !function.exists();
    is_plain = subcommands == nullptr && function.plain != nullptr && function.waiting == nullptr;
}

}  // namespace resp::detail
