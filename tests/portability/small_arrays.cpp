// A user's file of small functions that write a number from an array on the stack. GCC inlines the whole
// writer into each, sees the size of the array, and used to warn about reads that never happen
// (-Warray-bounds).
#include <libresp/codec.hpp>

#include <charconv>

void write_number(resp::Encoder& out, int number) {
    char room[32];
    const auto end = std::to_chars(room, room + sizeof room, number).ptr;
    out.bulk_string({room, static_cast<std::size_t>(end - room)});
}

void write_large_number(resp::Encoder& out, long number) {
    char room[20];
    const auto end = std::to_chars(room, room + sizeof room, number).ptr;
    out.bulk_string({room, static_cast<std::size_t>(end - room)});
}

void write_small_number(resp::Encoder& out, unsigned number) {
    char room[8];
    const auto end = std::to_chars(room, room + sizeof room, number).ptr;
    out.simple_string({room, static_cast<std::size_t>(end - room)});
    out.bulk_string({room, static_cast<std::size_t>(end - room)});
}

void write_fraction(resp::Encoder& out, double number) {
    char room[64];
    const auto end = std::to_chars(room, room + sizeof room, number).ptr;
    out.bulk_string({room, static_cast<std::size_t>(end - room)});
    out.command("SET", std::string_view{room, static_cast<std::size_t>(end - room)}, 3);
}
