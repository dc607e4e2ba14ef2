// A usage line as Redis describes the arguments of a command:
//
//     [EX seconds | PX milliseconds]
//     {name: "ex_px", type: oneof, flags: [optional], arguments: [
//         {name: "seconds", type: string, token: "EX"}, {name: "milliseconds", type: string, token: "PX"}]}
#include "docs.hpp"

#include "names.hpp"

#include <string>
#include <vector>

namespace resp::detail {

namespace {

using Kind = UsageNode::Kind;

/// One argument in the reply.
struct ReplyArgument {
    std::string name;
    const char* type = "string";
    std::string token;
    bool is_optional = false;
    bool is_multiple = false;
    std::vector<ReplyArgument> arguments;
};

class Describer {
public:
    explicit Describer(const Usage& usage) noexcept : usage_(usage) {}

    std::vector<ReplyArgument> all(std::uint8_t first) const {
        std::vector<ReplyArgument> arguments;
        for (std::uint8_t i = first; i != 0; i = usage_[i].sibling) arguments.push_back(one(i));
        return arguments;
    }

private:
    ReplyArgument one(std::uint8_t node) const {
        const UsageNode& part = usage_[node];
        if (part.kind == Kind::word) return word(node);
        if (part.kind == Kind::keyword) return sequence_of(node, 1);
        if (part.kind == Kind::repeat) {
            ReplyArgument argument = block(all(part.child));
            argument.is_multiple = true;
            argument.is_optional = part.least == 0;
            return argument;
        }
        ReplyArgument argument = alternatives(part.child);
        argument.is_optional = argument.is_optional || part.kind == Kind::optional;
        return argument;
    }
    ReplyArgument word(std::uint8_t node) const {
        ReplyArgument argument;
        argument.name = usage_.text(usage_[node]);
        if (Usage::is_key(argument.name)) argument.type = "key";
        return argument;
    }
    /// A keyword and the words after it, or words alone; `most` parts of them.
    ReplyArgument sequence_of(std::uint8_t first, std::size_t most) const {
        std::vector<ReplyArgument> arguments;
        std::string token;
        for (std::uint8_t i = first; i != 0 && most != 0; i = usage_[i].sibling, --most) {
            if (i == first && usage_[i].kind == Kind::keyword) {
                token = usage_.text(usage_[i]);
            } else {
                arguments.push_back(one(i));
            }
        }
        if (arguments.empty()) {
            ReplyArgument argument;
            argument.name = in_small_letters(token);
            argument.type = "pure-token";
            argument.token = token;
            return argument;
        }
        ReplyArgument argument = block(std::move(arguments));
        if (argument.token.empty()) argument.token = token;
        return argument;
    }
    ReplyArgument alternatives(std::uint8_t first) const {
        if (usage_[first].sibling == 0) return sequence_of(usage_[first].child, SIZE_MAX);
        ReplyArgument choice;
        choice.type = "oneof";
        for (std::uint8_t i = first; i != 0; i = usage_[i].sibling) {
            choice.arguments.push_back(sequence_of(usage_[i].child, SIZE_MAX));
            choice.name += (choice.name.empty() ? "" : "_") + choice.arguments.back().name;
        }
        return choice;
    }
    static ReplyArgument block(std::vector<ReplyArgument> arguments) {
        if (arguments.size() == 1) return std::move(arguments.front());
        ReplyArgument argument;
        argument.type = "block";
        for (const ReplyArgument& each : arguments)
            argument.name += (argument.name.empty() ? "" : "_") + each.name;
        argument.arguments = std::move(arguments);
        return argument;
    }

    const Usage& usage_;
};

void write(Reply& reply, const ReplyArgument& argument) {
    const bool has_flags = argument.is_optional || argument.is_multiple;
    const bool has_token = !argument.token.empty();
    const bool has_arguments = !argument.arguments.empty();
    reply.map(2 + (has_token ? 1U : 0U) + (has_flags ? 1U : 0U) + (has_arguments ? 1U : 0U));
    reply.bulk_string("name").bulk_string(argument.name);
    reply.bulk_string("type").bulk_string(argument.type);
    if (has_token) reply.bulk_string("token").bulk_string(argument.token);
    if (has_flags) {
        reply.bulk_string("flags").set(argument.is_optional && argument.is_multiple ? 2 : 1);
        if (argument.is_optional) reply.simple_string("optional");
        if (argument.is_multiple) reply.simple_string("multiple");
    }
    if (!has_arguments) return;
    reply.bulk_string("arguments").array(argument.arguments.size());
    for (const ReplyArgument& each : argument.arguments) write(reply, each);
}

}  // namespace

void write_docs(Reply& reply, const CommandEntry& entry) {
    const std::vector<ReplyArgument> arguments = Describer{entry.usage}.all(entry.usage.first());
    const bool has_subcommands = entry.subcommands != nullptr;
    reply.bulk_string(entry.name);
    reply.map(3 + (arguments.empty() ? 0U : 1U) + (has_subcommands ? 1U : 0U));
    reply.bulk_string("summary").bulk_string(entry.traits.summary);
    reply.bulk_string("since").bulk_string(entry.traits.since.empty() ? "1.0.0" : entry.traits.since);
    reply.bulk_string("group").bulk_string(entry.traits.group.empty() ? "module" : entry.traits.group);
    if (!arguments.empty()) {
        reply.bulk_string("arguments").array(arguments.size());
        for (const ReplyArgument& argument : arguments) write(reply, argument);
    }
    if (!has_subcommands) return;
    reply.bulk_string("subcommands").map(entry.subcommands->entries().size());
    for (const CommandEntry* sub : entry.subcommands->entries()) write_docs(reply, *sub);
}

}  // namespace resp::detail
