// Decoder::set_limits(): the frames that were not returned are read again under the new limits.
#include <libresp/codec/decoder.hpp>

#include "support/catch.hpp"

#include <string>

using resp::Decoder;
using resp::Limits;

namespace {

const std::string login = "*1\r\n$4\r\nAUTH\r\n";
const std::string large = "*2\r\n$3\r\nSET\r\n$40\r\n" + std::string(40, 'v') + "\r\n";
const Limits strict{.max_bulk = 10, .max_elements = 4};

/// Feeds two parts, lent or copied, and calls `lift` after the first frame. Returns the frames.
template <class Lift>
std::string read(Decoder& decoder, std::string_view first, std::string_view second, bool lends,
                 const Lift& lift) {
    std::string frames;
    for (const std::string_view part : {first, second}) {
        if (lends) {
            decoder.feed(part);
        } else {
            std::copy(part.begin(), part.end(), decoder.prepare(part.size()).data());
            decoder.commit(part.size());
        }
        while (const auto frame = decoder.next()) {
            const bool is_first = frames.empty();
            frames += frame->wire();
            if (is_first) lift();
        }
        if (lends) decoder.release();
    }
    return frames;
}

}  // namespace

TEST_CASE("a frame after set_limits() is read under the new limits, however the bytes are cut") {
    const std::string bytes = login + large + "PING\r\n" + large;
    const bool lends = GENERATE(true, false);
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        INFO(cut);
        Decoder decoder{strict, resp::Reads::commands};
        const std::string_view all = bytes;
        const std::string frames =
            read(decoder, all.substr(0, cut), all.substr(cut), lends, [&] { decoder.set_limits({}); });
        REQUIRE(frames == bytes);
        REQUIRE_FALSE(decoder.error());
        REQUIRE(decoder.offset() == bytes.size());
    }
}

TEST_CASE("set_limits() to smaller limits refuses a frame that was read ahead") {
    const std::string bytes = login + large;
    const bool lends = GENERATE(true, false);
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        INFO(cut);
        Decoder decoder{{}, resp::Reads::commands};
        const std::string_view all = bytes;
        const std::string frames =
            read(decoder, all.substr(0, cut), all.substr(cut), lends, [&] { decoder.set_limits(strict); });
        REQUIRE(frames == login);
        REQUIRE(decoder.error());
        REQUIRE(decoder.error()->code == resp::Errc::bulk_too_long);
        REQUIRE(decoder.error()->offset == login.size() + 15);
    }
}

TEST_CASE("without set_limits() a frame over the limits is refused") {
    Decoder decoder{strict, resp::Reads::commands};
    CHECK(read(decoder, login + large, "", true, [] {}) == login);
    CHECK(decoder.error());
}
