// The codec's encoder as it is meant to be used, and the frames that all encoders are given.
#include <libresp/codec/decoder.hpp>
#include <libresp/codec/encoder.hpp>

#include "writer.hpp"

namespace bench {

namespace {

using resp::Type;

void take_apart(resp::View view, std::vector<Verb>& verbs) {
    if (view.is_aggregate()) {
        verbs.push_back({view.type(), {}, static_cast<std::int64_t>(view.size())});
        for (const resp::View element : view) take_apart(element, verbs);
    } else if (view.type() == Type::integer) {
        verbs.push_back({view.type(), {}, view.integer()});
    } else {
        verbs.push_back({view.type(), view.text()});
    }
}

void write_verb(resp::Encoder& out, const Verb& verb) {
    switch (verb.type) {
        case Type::bulk_string: out.bulk_string(verb.text); break;
        case Type::integer: out.integer(verb.number); break;
        case Type::array: out.array(static_cast<std::size_t>(verb.number)); break;
        case Type::null_bulk_string: out.null_bulk_string(); break;
        case Type::simple_string: out.simple_string(verb.text); break;
        default: out.simple_error(verb.text);
    }
}

/// Output: a resp::Buffer or a std::string.
template <class Output>
class EncoderWriter final : public Writer {
public:
    std::size_t write(const SetCommands& commands, std::string* check) override {
        return write_all(commands.list, check, [](resp::Encoder& out, const SetCommand& command) {
            out.command("SET", command.key, command.value);
        });
    }
    std::size_t write(const Replies& replies, std::string* check) override {
        return write_all(replies.verbs, check, write_verb);
    }

private:
    template <class Items, class WriteOne>
    std::size_t write_all(const Items& items, std::string* check, WriteOne write_one) {
        resp::Encoder out{output_};
        std::size_t written = 0;
        const auto flush = [&] {
            if (check != nullptr) check->append(output_.data(), output_.size());
            written += output_.size();
            output_.clear();
        };
        for (const auto& item : items) {
            write_one(out, item);
            if (output_.size() >= flush_at) flush();
        }
        flush();
        return written;
    }

    Output output_;
};

}  // namespace

SetCommands::SetCommands(std::string_view bytes) {
    resp::Decoder decoder{{}, resp::Reads::commands};
    decoder.feed(bytes);
    while (const auto frame = decoder.next()) list.push_back({(*frame)[1].text(), (*frame)[2].text()});
    wire = bytes.substr(0, static_cast<std::size_t>(decoder.offset()));
}

Replies::Replies(std::string_view bytes) {
    resp::Decoder decoder;
    decoder.feed(bytes);
    for (; const auto frame = decoder.next(); ++frames) take_apart(*frame, verbs);
    wire = bytes.substr(0, static_cast<std::size_t>(decoder.offset()));
}

std::span<const WriterKind> our_writers() {
    static constexpr WriterKind kinds[] = {
        {"encoder", true, make_writer<EncoderWriter<resp::Buffer>>},
        {"encoder_string", true, make_writer<EncoderWriter<std::string>>},
    };
    return kinds;
}

}  // namespace bench
