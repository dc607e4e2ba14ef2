// Reads resp_vectors.jsonl: JSON to bytes, limits and expected values. README.md describes the format.
#pragma once

#include <libresp/codec/limits.hpp>

#include <nlohmann/json.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "support/feed.hpp"

namespace conformance {

using nlohmann::json;
using resp::Errc;
using resp::Type;
using resp::View;

struct Vector {
    std::string id;
    std::string wire;
    resp::Reads reads{};
    resp::Limits limits;
    nlohmann::json expect;
    std::vector<nlohmann::json> allow;
    std::optional<std::string> redis_reply;
};

/// The bytes of a text in which each character from U+0000 to U+00FF is one byte.
inline std::string latin1(const std::string& utf8) {
    std::string bytes;
    for (std::size_t i = 0; i < utf8.size(); ++i) {
        const auto c = static_cast<unsigned char>(utf8[i]);
        if (c < 0x80) {
            bytes += utf8[i];
        } else {
            const auto next = static_cast<unsigned char>(utf8.at(++i));
            bytes += static_cast<char>((c & 0x03) << 6 | (next & 0x3f));
        }
    }
    return bytes;
}

/// The text in the field `name`, or its parts in the field `name`_parts.
inline std::string text_of(const json& object, const std::string& name) {
    if (object.contains(name)) return latin1(object.at(name).get<std::string>());
    std::string bytes;
    for (const json& part : object.at(name + "_parts")) {
        bytes += support::repeat(latin1(part.at(0).get<std::string>()), part.at(1).get<std::size_t>());
    }
    return bytes;
}

inline resp::Limits limits_of(const json& line) {
    resp::Limits limits;
    for (const auto& [name, value] : line.items()) {
        if (name == "max_depth") {
            limits.max_depth = value;
        } else if (name == "max_bulk") {
            limits.max_bulk = value;
        } else if (name == "max_elements") {
            limits.max_elements = value;
        } else if (name == "max_line") {
            limits.max_line = value;
        } else {
            throw std::runtime_error{"unknown limit " + name};
        }
    }
    return limits;
}

inline Type type_of(const std::string& tree) {
    static const json types{{"simple", '+'}, {"error", '-'},      {"int", ':'},      {"bulk", '$'},
                            {"array", '*'},  {"null", '_'},       {"bool", '#'},     {"double", ','},
                            {"bignum", '('}, {"bulk_error", '!'}, {"verbatim", '='}, {"map", '%'},
                            {"set", '~'},    {"push", '>'},       {"attribute", '|'}};
    if (tree == "null_bulk") return Type::null_bulk_string;
    if (tree == "null_array") return Type::null_array;
    return static_cast<Type>(types.at(tree).get<int>());
}

inline bool matches(View view, const json& tree);

inline bool matches_pairs(View view, const json& pairs) {
    if (view.size() != 2 * pairs.size()) return false;
    View::iterator it = view.begin();
    for (const json& pair : pairs) {
        if (!matches(*it++, pair.at(0)) || !matches(*it++, pair.at(1))) return false;
    }
    return true;
}

inline bool matches_elements(View view, const json& elements) {
    if (view.size() != elements.size()) return false;
    View::iterator it = view.begin();
    for (const json& element : elements) {
        if (!matches(*it++, element)) return false;
    }
    return true;
}

inline bool matches_double(View view, const json& tree) {
    const double value = view.as_double();
    if (!tree.contains("bits")) return std::isnan(value);
    return std::bit_cast<std::uint64_t>(value) ==
           std::stoull(tree.at("bits").get<std::string>(), nullptr, 16);
}

/// N one-element aggregates around a value.
inline bool matches_nest(View view, const json& tree) {
    const std::string of = tree.at("of");
    for (std::size_t n = tree.at("n"); n != 0; --n) {
        if (view.type() != type_of(of == "map_key" ? "map" : of)) return false;
        if (view.size() != (of == "array" ? 1U : 2U)) return false;
        if (of == "map" && !matches(view[0], tree.at("k"))) return false;
        if (of == "map_key" && !matches(view[1], tree.at("k"))) return false;
        view = view[of == "map" ? 1 : 0];
    }
    return matches(view, tree.at("v"));
}

inline bool matches_repeat(View view, const json& tree) {
    if (view.type() != type_of(tree.at("of")) || view.size() != tree.at("n")) return false;
    for (const View element : view) {
        if (!matches(element, tree.at("v"))) return false;
    }
    return true;
}

/// Compares a value without its attributes.
inline bool matches_bare(View view, const json& tree) {
    const std::string t = tree.at("t");
    if (t == "any") return true;
    if (t == "nest") return matches_nest(view, tree);
    if (t == "repeat") return matches_repeat(view, tree);
    if (view.type() != type_of(t)) return false;
    if (resp::is_null(view.type())) return true;
    if (t == "map") return matches_pairs(view, tree.at("v"));
    if (view.is_aggregate()) return matches_elements(view, tree.at("v"));
    if (t == "int") return std::to_string(view.integer()) == tree.at("v").get<std::string>();
    if (t == "bool") return view.boolean() == tree.at("v").get<bool>();
    if (t == "double") return matches_double(view, tree);
    if (t == "verbatim" && view.format() != latin1(tree.at("fmt"))) return false;
    return view.text() == text_of(tree, "v");
}

/// In the vectors the tree of an attribute contains the value. In libresp the value has the attribute, and of
/// several attributes it has the last.
inline bool matches(View view, const json& tree) {
    if (tree.at("t") != "attribute") return !view.attribute() && matches_bare(view, tree);
    std::vector<const json*> stack;
    const json* bare = &tree;
    for (; bare->at("t") == "attribute"; bare = &bare->at("value")) stack.push_back(&bare->at("attrs"));
    std::optional<View> attribute = view.attribute();
    for (; !stack.empty(); stack.pop_back()) {
        if (!attribute || !matches_pairs(*attribute, *stack.back())) return false;
        attribute = attribute->attribute();
    }
    return !attribute && matches_bare(view, *bare);
}

inline bool matches_all(const std::vector<resp::Value>& frames, const json& trees) {
    if (frames.size() != trees.size()) return false;
    for (std::size_t i = 0; i != frames.size(); ++i) {
        if (!matches(frames[i], trees.at(i))) return false;
    }
    return true;
}

/// All vectors of the file, one for each line. Throws if a line is not a vector.
inline std::vector<Vector> read_vectors(const std::string& path) {
    std::ifstream file{path};
    if (!file) throw std::runtime_error{"cannot open " + path};
    std::vector<Vector> vectors;
    for (std::string line; std::getline(file, line);) {
        const json object = json::parse(line);
        Vector vector;
        vector.id = object.at("id");
        vector.wire = text_of(object, "wire");
        vector.reads = object.at("mode") == "request" ? resp::Reads::commands : resp::Reads::replies;
        if (object.contains("limits")) vector.limits = limits_of(object.at("limits"));
        vector.expect = object.at("expect");
        if (object.contains("allow")) vector.allow = object.at("allow").get<std::vector<json>>();
        if (object.contains("redis_reply")) vector.redis_reply = latin1(object.at("redis_reply"));
        vectors.push_back(std::move(vector));
    }
    return vectors;
}

/// The kind of an error, as the vectors name it.
inline std::string_view kind_of(Errc code) {
    switch (code) {
        case Errc::bad_boolean: return "bad_bool";
        case Errc::bad_big_number: return "bad_bignum";
        case Errc::bad_count: return "bad_length";
        case Errc::line_too_long:
        case Errc::inline_too_long:
        case Errc::bulk_too_long:
        case Errc::too_many_elements:
        case Errc::frame_too_long: return "too_large";
        default: return support::name_of(code);
    }
}

/// Whether the result of decoding is this outcome of a vector.
inline bool is(const support::Outcome& outcome, const json& expected) {
    const bool incomplete = expected.value("incomplete", false);
    if (outcome.incomplete != incomplete) return false;
    if (outcome.error.has_value() != expected.contains("error")) return false;
    if (outcome.error && kind_of(outcome.error->code) != expected.at("error").get<std::string>())
        return false;
    if (expected.contains("value")) return matches_all(outcome.frames, json::array({expected.at("value")}));
    if (expected.contains("values")) return matches_all(outcome.frames, expected.at("values"));
    if (!expected.contains("repeat_value")) return outcome.frames.empty();
    if (outcome.frames.size() != expected.at("n")) return false;
    for (const resp::Value& frame : outcome.frames) {
        if (!matches(frame, expected.at("repeat_value"))) return false;
    }
    return true;
}

}  // namespace conformance
