// The names of the types, as the RESP3 specification writes them.
#include <libresp/codec/type.hpp>

namespace resp {

std::string_view name(Type type) noexcept {
    switch (type) {
        case Type::simple_string: return "simple string";
        case Type::simple_error: return "simple error";
        case Type::integer: return "integer";
        case Type::bulk_string: return "bulk string";
        case Type::array: return "array";
        case Type::null: return "null";
        case Type::boolean: return "boolean";
        case Type::double_: return "double";
        case Type::big_number: return "big number";
        case Type::bulk_error: return "bulk error";
        case Type::verbatim_string: return "verbatim string";
        case Type::map: return "map";
        case Type::set: return "set";
        case Type::attribute: return "attribute";
        case Type::push: return "push";
        case Type::null_bulk_string: return "null bulk string";
        case Type::null_array: return "null array";
    }
    return "no type";
}

}  // namespace resp
