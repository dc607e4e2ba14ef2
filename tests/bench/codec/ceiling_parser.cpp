// The ceiling: what parsing RESP costs when it is the only aim. It checks every byte of the framing, is
// resumable at any byte, bounds the depth and hands a large string out in parts; and it does nothing
// else: no views, no offsets of errors, no inline commands, no streamed types, no limits to set. How
// close the Decoder comes is the ratio in the report. Only a guess at what comes next could beat it.
//
// Each value becomes an event in a ring, which stands for the work of telling somebody about it.
#include "ceiling_scan.hpp"
#include "parser.hpp"
#include "receive_buffer.hpp"

#include <array>
#include <cstdint>

namespace bench {

namespace {

using ceiling::is_crlf;

constexpr int max_depth = 64;
constexpr std::ptrdiff_t max_line = 64 * 1024;
constexpr std::uint64_t max_bulk = 512u << 20;
constexpr std::uint64_t parts_from = 64 * 1024;  // a longer string that is cut comes in parts

struct Event {
    const char* text;
    std::uint64_t value;  // bytes of a text, elements of an aggregate, an integer
    std::uint32_t type;
};
constexpr std::size_t ring_size = 1 << 16;
Event ring[ring_size];

enum class Step { taken, more, wrong };

/// The state of one call. It stands in registers, since all that takes it is inlined into one loop.
template <class Visitor>
struct Cursor {
    const char* at;
    const char* end;
    std::uint64_t left;  // values to come in the innermost open aggregate
    int depth;
    std::size_t events;
    Visitor visitor;
};

template <class Visitor>
class CeilingParser : public Parser {
    using Cursor = bench::Cursor<Visitor>;

public:
    explicit CeilingParser(Form) {}

    bool read(std::string_view bytes) override {
        const char* const end = bytes.data() + bytes.size();
        return read(bytes.data(), end) == end;
    }
    [[nodiscard]] char* prepare(std::size_t n) override { return received_.prepare(n); }
    bool commit(std::size_t n) override {
        received_.commit(n);
        const char* const taken = read(received_.begin(), received_.end());
        if (taken == nullptr) return false;
        received_.consume_to(taken);
        return true;
    }
    [[nodiscard]] Digest digest() const override { return visitor_.digest(); }

private:
    /// Returns the first byte that was not taken, or nullptr where the bytes are wrong.
    const char* read(const char* at, const char* end) {
        Cursor cursor{at, end, left_, depth_, events_, visitor_};
        Step step = remaining_ != 0 ? part(cursor) : Step::taken;
        while (step == Step::taken && cursor.at < end) {
            step = value(cursor, ring[cursor.events++ & (ring_size - 1)]);
            keep(ring);
        }
        if (step == Step::more) --cursor.events;
        left_ = cursor.left;
        depth_ = cursor.depth;
        events_ = cursor.events;
        visitor_ = cursor.visitor;
        return step == Step::wrong ? nullptr : cursor.at;
    }

    [[gnu::always_inline]] inline Step value(Cursor& cursor, Event& event) {
        const char type = *cursor.at;
        event.type = static_cast<unsigned char>(type);
        switch (type) {
            case '$':
            case '=':
            case '!': return string(cursor, event, type);
            case '*':
            case '~':
            case '>':
            case '%': return aggregate(cursor, event, type);
            case ':': return integer(cursor, event);
            case '+':
            case '-':
            case ',':
            case '(':
            case '#':
            case '_': return line(cursor, event, type);
            default: return Step::wrong;
        }
    }

    /// A leaf or an empty aggregate is complete, and what is complete with it.
    [[gnu::always_inline]] inline void complete(Cursor& cursor) {
        if (cursor.depth == 0) return cursor.visitor.frame();
        while (--cursor.left == 0) {
            if (--cursor.depth == 0) return cursor.visitor.frame();
            cursor.left = outer_left_[static_cast<std::size_t>(cursor.depth)];
        }
    }

    [[gnu::always_inline]] inline Step string(Cursor& cursor, Event& event, char type) {
        std::uint64_t size;
        const int header = ceiling::read_header(cursor.at, cursor.end, size);
        if (header <= 0) [[unlikely]]
            return header == 0 ? Step::more : null(cursor, event, type == '$');
        if (size > max_bulk) [[unlikely]]
            return Step::wrong;
        const char* const text = cursor.at + header;
        if (static_cast<std::uint64_t>(cursor.end - text) < size + 2) [[unlikely]] {
            if (size < parts_from || type == '=') return Step::more;
            cursor.at = text;
            remaining_ = size + 2;
            return part(cursor);
        }
        if (!is_crlf(text + size)) [[unlikely]]
            return Step::wrong;
        const std::uint64_t format = type == '=' ? 4 : 0;
        if (format != 0 && (size < format || text[3] != ':')) [[unlikely]]
            return Step::wrong;
        event.text = text;
        event.value = size;
        cursor.at = text + size + 2;
        cursor.visitor.text({text + format, size - format});
        complete(cursor);
        return Step::taken;
    }

    /// What has come of a large string; its CRLF counts as its last two bytes.
    Step part(Cursor& cursor) {
        const auto at_hand = static_cast<std::uint64_t>(cursor.end - cursor.at);
        const std::uint64_t taken = std::min(remaining_, at_hand);
        const std::uint64_t text = std::min(taken, remaining_ - std::min<std::uint64_t>(remaining_, 2));
        ring[cursor.events++ & (ring_size - 1)] = {cursor.at, text, ';'};
        cursor.visitor.part({cursor.at, text});
        for (std::uint64_t i = text; i != taken; ++i)
            if (cursor.at[i] != (remaining_ - i == 2 ? '\r' : '\n')) return Step::wrong;
        cursor.at += taken;
        remaining_ -= taken;
        if (remaining_ != 0) return Step::more;
        cursor.visitor.end_text();
        complete(cursor);
        return Step::taken;
    }

    Step null(Cursor& cursor, Event& event, bool allowed) {
        if (!allowed) return Step::wrong;
        if (cursor.end - cursor.at < 5) return cursor.at[1] == '-' ? Step::more : Step::wrong;
        if (std::memcmp(cursor.at + 1, "-1\r\n", 4) != 0) return Step::wrong;
        event.text = nullptr;
        cursor.at += 5;
        cursor.visitor.null();
        complete(cursor);
        return Step::taken;
    }

    [[gnu::always_inline]] inline Step aggregate(Cursor& cursor, Event& event, char type) {
        std::uint64_t size;
        const int header = ceiling::read_header(cursor.at, cursor.end, size);
        if (header <= 0) [[unlikely]]
            return header == 0 ? Step::more : null(cursor, event, type == '*');
        if (size > 0x7FFF'FFFF) [[unlikely]]
            return Step::wrong;
        event.value = size;
        if (type == '%') size *= 2;
        if (size != 0 && cursor.depth == max_depth) [[unlikely]]
            return Step::wrong;
        cursor.at += header;
        if (size == 0) [[unlikely]] {
            complete(cursor);
        } else {
            outer_left_[static_cast<std::size_t>(cursor.depth++)] = cursor.left;
            cursor.left = size;
        }
        return Step::taken;
    }

    /// The CR that ends the line at cursor.at, or nullptr; no byte of a line that is cut is searched twice.
    [[gnu::always_inline]] inline const char* line_end(const Cursor& cursor) {
        const char* const cr = ceiling::find_cr(cursor.at + 1 + searched_, cursor.end);
        if (cursor.end - cr < 2) [[unlikely]] {
            searched_ = cr - cursor.at - 1;
            return nullptr;
        }
        searched_ = 0;
        return cr;
    }

    [[gnu::always_inline]] inline Step integer(Cursor& cursor, Event& event) {
        const char* const cr = line_end(cursor);
        if (cr == nullptr) [[unlikely]]
            return cursor.end - cursor.at > 32 ? Step::wrong : Step::more;
        const bool negative = cursor.at[1] == '-';
        const char* const digits = cursor.at + 1 + negative;
        std::uint64_t value;
        if (cr[1] != '\n' || static_cast<std::size_t>(cr - digits - 1) > 18 ||
            !ceiling::read_digits(digits, cr, value) || value > std::uint64_t{INT64_MAX} + negative)
            [[unlikely]]
            return Step::wrong;
        event.value = negative ? 0 - value : value;
        cursor.at = cr + 2;
        cursor.visitor.integer(static_cast<std::int64_t>(event.value));
        complete(cursor);
        return Step::taken;
    }

    [[gnu::always_inline]] inline Step line(Cursor& cursor, Event& event, char type) {
        const char* const cr = line_end(cursor);
        if (cr == nullptr) [[unlikely]]
            return cursor.end - cursor.at > max_line ? Step::wrong : Step::more;
        const char* const text = cursor.at + 1;
        const std::string_view bytes{text, static_cast<std::size_t>(cr - text)};
        if (cr[1] != '\n' || ((type == ',' || type == '(') && bytes.empty())) [[unlikely]]
            return Step::wrong;
        event.text = text;
        event.value = bytes.size();
        cursor.at = cr + 2;
        if (type == '#') {
            if (bytes != "t" && bytes != "f") return Step::wrong;
            cursor.visitor.integer(bytes == "t");
        } else if (type == '_') {
            if (!bytes.empty()) return Step::wrong;
            cursor.visitor.null();
        } else {
            cursor.visitor.text(bytes);
        }
        complete(cursor);
        return Step::taken;
    }

    ReceiveBuffer received_;
    std::uint64_t left_ = 0;
    int depth_ = 0;
    std::array<std::uint64_t, max_depth> outer_left_;  // by depth, what `left` was outside
    std::uint64_t remaining_ = 0;  // of a string that comes in parts: bytes to come, the CRLF included
    std::ptrdiff_t searched_ = 0;  // bytes of a cut line that hold no CR
    std::size_t events_ = 0;
    Visitor visitor_;
};

bool takes_all_but_inline(Form form) noexcept { return form != Form::inline_line; }

}  // namespace

std::span<const ParserKind> ceiling_parsers() {
    static constexpr ParserKind kinds[] = {
        {"ceiling", true, true, takes_all_but_inline, make_parser<CeilingParser>},
    };
    return kinds;
}

}  // namespace bench
