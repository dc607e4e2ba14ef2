// The one interface that every measured encoder stands behind, and what it is given to write: the frames
// of a corpus, taken apart.
#pragma once

#include <libresp/codec/wire.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// One call of an encoder.
struct Verb {
    resp::Type type;
    std::string_view text;    // of a string or error
    std::int64_t number = 0;  // an integer, or the elements of an array
};

struct SetCommand {
    std::string_view key;
    std::string_view value;
};

/// The whole commands in these bytes of the corpus "set".
struct SetCommands {
    std::vector<SetCommand> list;
    std::string_view wire;  // what a correct encoder makes of them

    explicit SetCommands(std::string_view bytes);
};

/// The whole replies in these bytes of the corpus "resp2".
struct Replies {
    std::vector<Verb> verbs;
    std::size_t frames = 0;
    std::string_view wire;

    explicit Replies(std::string_view bytes);
};

/// Writes into memory of its own. What it wrote is dropped each time `flush_at` bytes are reached, as a
/// server does when it has sent them, and handed to `check` before, where there is one.
class Writer {
public:
    static constexpr std::size_t flush_at = 64 * 1024;

    virtual ~Writer() = default;
    /// Returns the number of bytes written. `check` collects them.
    virtual std::size_t write(const SetCommands& commands, std::string* check) = 0;
    /// The same; 0 where it is not offered.
    virtual std::size_t write(const Replies& replies, std::string* check) = 0;
};

struct WriterKind {
    std::string_view name;
    bool writes_replies;
    std::unique_ptr<Writer> (*make)();
};

/// The Encoder into a Buffer and into a std::string.
[[nodiscard]] std::span<const WriterKind> our_writers();
[[nodiscard]] std::span<const WriterKind> ceiling_writers();
/// None where hiredis is not installed.
[[nodiscard]] std::span<const WriterKind> hiredis_writers();

/// Calls use(kind) for each of them.
template <class Use>
void for_each_writer(Use use) {
    for (const auto kinds : {our_writers(), ceiling_writers(), hiredis_writers()})
        for (const WriterKind& kind : kinds) use(kind);
}

template <class Measured>
[[nodiscard]] std::unique_ptr<Writer> make_writer() {
    return std::make_unique<Measured>();
}

}  // namespace bench
