"""Classic bugs of parsers and servers, each as a change of a line or two of the library. bugs.py applies them.

If you change a line of the library that a bug replaces, change it here too: bugs.py --check fails until you do."""

from dataclasses import dataclass


@dataclass
class Bug:
    name: str
    target: str  # the fuzzer that must find it
    file: str    # in lib/
    old: str     # occurs there exactly once
    new: str


BUGS = [
    Bug("length overflow: the number wraps around", "oracle", "include/libresp/codec/wire.hpp",
        "if (value >= tenth && (value != tenth || digit > max - 10 * tenth))\n"
        "            return {Outcome::overflow, p, value};\n"
        "        value = value * 10 + digit;",
        "value = value * 10 + digit;\n"
        "        if (value > max) return {Outcome::overflow, p, value};"),
    Bug("length overflow: it is kept in 32 bits", "oracle", "src/codec/tokenizer_text.cpp",
        "size_ = remaining_ = length.value;",
        "size_ = remaining_ = static_cast<std::uint32_t>(length.value);"),
    Bug("terminator not checked: two bytes after a body are skipped", "oracle", "src/codec/fast/forms.hpp",
        " || !wire::is_crlf(wire_ + begin + length)) return", ") return"),
    Bug("terminator half checked: a CR and any byte", "oracle", "src/codec/tokenizer_text.cpp",
        "if (read.outcome != Outcome::done) return fail(Errc::bad_terminator, read.at);\n"
        "    next_ = read.at;",
        "if (read.outcome != Outcome::done && *body_end != wire::cr) {\n"
        "        return fail(Errc::bad_terminator, read.at);\n    }\n"
        "    next_ = body_end + 2;"),
    Bug("leftover state after an empty array: its parent does not count it", "split", "src/codec/tokenizer.cpp",
        "token.closes = complete();\n    return true;\n}\n\n/// `*-1\\r\\n`.",
        "if (depth_ == 0) token.closes = complete();\n    return true;\n}\n\n/// `*-1\\r\\n`."),
    Bug("rescan: a part of a line that was taken is read again", "tokens", "src/codec/tokenizer_text.cpp",
        "position_ += token.text.size();\n"
        "    next_ = stop;",
        "position_ += token.text.size();\n"
        "    if (stop == end_) next_ = stop;"),
    Bug("a longer line that begins with OK is read as OK", "oracle", "src/codec/fast/forms.hpp",
        "|| !wire::is_crlf(text() + 2)) return Outcome::refused;", ") return Outcome::refused;"),
    Bug("rescan: the search for the end of a cut line continues one byte too far", "split", "src/codec/tokenizer.cpp",
        "position_ = here;\n", "position_ = here + 1;\n"),
    Bug("depth off by one", "oracle", "src/codec/tokenizer.cpp",
        "if (depth_ == limits_.max_depth) return fail(Errc::too_deep, next_);",
        "if (depth_ > limits_.max_depth) return fail(Errc::too_deep, next_);"),
    Bug("allocation by announced length", "client", "src/codec/decoder_index.cpp",
        "void Decoder::index_part(const Token& token) {\n",
        "void Decoder::index_part(const Token& token) {\n"
        "    if (token.position == 0) scratch_.reserve(std::min<std::uint64_t>(token.size, 1 << 30));\n"),
    Bug("allocation by announced count", "client", "src/codec/decoder_index.cpp",
        "void Decoder::index_aggregate(const Token& token) {\n",
        "void Decoder::index_aggregate(const Token& token) {\n"
        "    while (node_capacity_ < std::min<std::uint64_t>(token.size, 1 << 20)) grow_index();\n"),
    Bug("an escape sequence cut by the end of the line", "inline", "src/codec/inline.cpp",
        "if (*at_ == '\\\\' && end_ - at_ > 1 && (quote", "if (*at_ == '\\\\' && (quote"),
    Bug("a hexadecimal escape sequence cut by the end of the line", "inline", "src/codec/inline.cpp",
        "if (c == 'x' && end_ - at_ > 3) {", "if (c == 'x') {"),
    Bug("a bare LF ends a length", "oracle", "include/libresp/codec/wire.hpp",
        "if (*p != cr) return {",
        "if (*p == lf) return {Outcome::done, p + 1, value};\n"
        "    if (*p != cr) return {"),
    Bug("a streamed map may end after a key", "oracle", "src/codec/tokenizer.cpp",
        "if (pairs && seen % 2 != 0) return fail(Errc::bad_stream, next_);\n", ""),
    Bug("the smallest integer is out of range", "oracle", "src/codec/tokenizer.cpp",
        "largest + (negative ? 1 : 0))", "largest)"),
    Bug("the colon of a verbatim string is checked in the first part only", "tokens", "src/codec/tokenizer_text.cpp",
        "if (position_ <= colon && colon", "if (position_ == 0 && colon"),
    Bug("each chunk has the whole limit", "oracle", "src/codec/tokenizer_text.cpp",
        "limits_.max_bulk - position_)", "limits_.max_bulk)"),
    Bug("the CR of a cut line is dropped", "split", "src/codec/tokenizer_text.cpp",
        "    position_ += token.text.size();\n    next_ = stop;\n",
        "    position_ += token.text.size();\n    next_ = end_;\n"),
    Bug("the CR after a cut string is dropped", "split", "src/codec/tokenizer_text.cpp",
        "    if (read.outcome == Outcome::partial) return !token.text.empty();\n",
        "    if (read.outcome == Outcome::partial) {\n        next_ = end_;\n"
        "        return !token.text.empty();\n    }\n"),
    Bug("leftover state: how far a cut inline line was searched outlives reset()", "split",
        "src/codec/tokenizer.cpp", "    left_ = 1;\n    position_ = 0;\n", "    left_ = 1;\n"),
    Bug("lent bytes are dropped instead of copied", "split", "src/codec/decoder.cpp",
        "own_.append({pending_begin(), pending()});\n"
        "    rebase(own_.data(), own_.data() + own_.size());", ""),
    Bug("the decoder's own bytes move, and the index does not follow", "split", "src/codec/decoder.cpp",
        "    source_.wire = pending;\n    end_ = end;", "    end_ = end;"),
    Bug("frames that were read ahead keep their old places", "split", "src/codec/decoder.cpp",
        "nodes_[i - out].begin -= shift;", "nodes_[i - out].begin -= 0;"),
    Bug("a repeated frame is compared except for its end", "oracle", "src/codec/fast/repeat.hpp",
        "return (head_ + 7) / 8;", "return head_ / 8;"),
    Bug("a long repeated frame is compared except for its last CRLF", "oracle", "src/codec/fast/repeat.hpp",
        "tail_(head == size ? 0 : size - 2)", "tail_(0)"),
    Bug("the shortcut does not check where a push may stand", "oracle", "src/codec/fast/forms.hpp",
        "case Type::push: return level_ == levels_ ? take_aggregate(type) : Outcome::refused;",
        "case Type::push: return take_aggregate(type);"),
    Bug("the digits of an integer in the shortcut overflow", "oracle", "src/codec/fast/plain.hpp",
        "end - p > 20 ? 18 :", "end - p > 30 ? 28 :"),
    Bug("a frame may have one byte more than its limit", "oracle", "src/codec/decoder.cpp",
        "const std::size_t most = tokenizer_.limits_.max_frame;",
        "const std::size_t most = tokenizer_.limits_.max_frame + 1;"),
    Bug("the copy of an element keeps the positions of the whole", "round_trip", "src/codec/value.cpp",
        "node.begin -= shift;", "node.begin -= 0;"),
    Bug("reply splitting: a line break after the first byte stays in an error", "encoder", "src/codec/encoder.cpp",
        "if (buffer_ != nullptr && wire::find_line_end(text.data(), end) == end) {",
        "if (buffer_ != nullptr && wire::find_line_end(text.data(), end) != text.data()) {"),
    Bug("a length of 100 is read past the end of the table of short lengths", "encoder", "include/libresp/codec/wire_write.hpp",
        "if (number >= detail::short_numbers.size())", "if (number > detail::short_numbers.size())"),
    Bug("a delete character is shown as it is", "client", "src/codec/escape.cpp",
        "code >= 0x20 && code < 0x7f", "code >= 0x20 && code <= 0x7f"),
    Bug("the rest of a short write is lost", "server", "src/server/send_queue.hpp",
        "output_->sent += n;\n", "output_->sent += bytes.size();\n"),
    Bug("a handler that throws leaves the beginning of its reply", "server", "src/server/ending.cpp",
        "    out.drop_reply();\n", ""),
    Bug("a push is put inside a reply", "server", "src/server/send_queue.cpp",
        "if (!output_->reply.empty() || !waiting_.empty()) {", "if (!waiting_.empty()) {"),
    Bug("the deadline of a frame is never cleared", "server", "src/server/batch.cpp",
        "if (decoder_ == nullptr) return deadlines_.wait_for_no_frame();", "if (decoder_ == nullptr) return;"),
    Bug("requests after a close are handled", "server", "src/server/batch.cpp",
        "if (out.reply.closing() || !is_open()) {", "if (!is_open()) {"),
    Bug("a stop does not read the bytes that were received", "server", "src/server/batch.cpp",
        "if (left_requests || worker_->is_draining() || state_ == State::closing) post_resume();",
        "if (left_requests || state_ == State::closing) return post_resume();\n"
        "    if (worker_->is_draining()) stop_reading({});"),
]
