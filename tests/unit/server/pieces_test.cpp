// The pieces of a connection's output: in which order bytes leave them, which bytes may leave, and how much
// memory they count.
#include "server/pieces.hpp"
#include "payloads.hpp"
#include "support/catch.hpp"

#include <array>
#include <map>
#include <vector>

using resp::Buffer;
using resp::detail::Pieces;
using support::any_size;
using support::below;
using support::noise;
using support::Pusher;

namespace {

constexpr auto never = resp::detail::Clock::time_point::max();

Buffer run(std::string_view bytes) {
    Buffer buffer;
    buffer.append(bytes);
    return buffer;
}

/// All bytes that may leave now.
std::string committed(const Pieces& pieces) {
    std::array<std::string_view, 64> views;
    std::string bytes;
    const std::size_t n = pieces.gather(views);
    for (std::size_t i = 0; i != n; ++i) bytes += views[i];
    return bytes;
}

/// Pieces beside a list of strings, which must be the same bytes.
class PiecesModel {
public:
    explicit PiecesModel(unsigned seed) : random_(seed) {}

    void step() {
        switch (below(random_, 9)) {
            case 0: return add_run();
            case 8: return add_short();
            case 1: return add_payload();
            case 2: return add_hole();
            case 3:
            case 4: return fill();
            default: return send();
        }
    }
    void end() {
        while (!holes_.empty()) fill();
        while (!pieces_.empty()) send();
        check();
        REQUIRE(pushed_ == 0);
        REQUIRE(pieces_.size() == 0);
        REQUIRE(pieces_.memory() < 64 * 1024);
        REQUIRE(pusher_.memory() == 0);
    }
    /// What was sent, what may leave and what may not are together the model, and nothing more may leave.
    void check() {
        std::string whole;
        for (const std::string& bytes : model_) whole += bytes;
        std::string may_leave;
        const std::size_t end = holes_.empty() ? model_.size() : holes_.begin()->second;
        for (std::size_t i = 0; i != end; ++i) may_leave += model_[i];
        const std::string now = received_ + committed(pieces_);
        const bool right = may_leave.starts_with(now) && (gathers_all() ? now == may_leave : true);
        REQUIRE(right);
        REQUIRE(pieces_.size() == whole.size() - received_.size());
        REQUIRE(pieces_.holes() == holes_.size());
        if (gathers_all()) REQUIRE(pieces_.committed() == committed(pieces_).size());
        REQUIRE(pushed_ <= pieces_.size());
    }

private:
    [[nodiscard]] bool gathers_all() const { return model_.size() < 64; }
    std::string any() { return noise(any_size(random_), ++seed_); }

    void add_run() {
        model_.push_back(any());
        const std::size_t pushed = below(random_, model_.back().size());
        pieces_.add(run(model_.back()), 0, pushed);
        pushed_ += pushed;
    }
    void add_short() {
        model_.push_back(any());
        const std::size_t pushed = below(random_, model_.back().size());
        pieces_.add(model_.back(), pushed);
        pushed_ += pushed;
    }
    void add_payload() {
        model_.push_back(any());
        pieces_.add(pusher_.payload(model_.back()), model_.back().size());
        pushed_ += model_.back().size();
    }
    void add_hole() {
        holes_[pieces_.add_hole(never)] = model_.size();
        model_.emplace_back();
    }
    void fill() {
        if (holes_.empty()) return;
        const auto hole = std::next(holes_.begin(), static_cast<int>(below(random_, holes_.size())));
        if (below(random_, 4) != 0) model_[hole->second] = any();
        REQUIRE(pieces_.fill(hole->first, model_[hole->second]));
        REQUIRE_FALSE(pieces_.fill(hole->first, "twice"));
        holes_.erase(hole);
    }
    void send() {
        const std::string now = committed(pieces_);
        if (now.empty()) return;
        const std::size_t n = below(random_, 2) != 0 ? now.size() : 1 + below(random_, now.size());
        received_ += now.substr(0, n);
        pushed_ -= pieces_.consume(n);
    }

    support::Random random_;
    Pusher pusher_;
    Pieces pieces_;
    std::vector<std::string> model_;
    std::map<std::uint64_t, std::size_t> holes_;  // their places in model_
    std::string received_;
    std::size_t pushed_ = 0;  // bytes of pushes that have not left
    std::uint32_t seed_ = 0;
};

}  // namespace

TEST_CASE("runs and payloads leave the pieces in the order in which they were added") {
    const Pusher pusher;
    Pieces pieces;
    pieces.add(run("xxone "), 2, 0);
    pieces.add(pusher.payload("two "), 4);
    pieces.add(run("three"), 0, 5);
    CHECK(pieces.size() == 13);
    CHECK(committed(pieces) == "one two three");
    CHECK(pieces.consume(5) == 1);  // a part of the payload
    CHECK(committed(pieces) == "wo three");
    CHECK(pieces.size() == 8);
    CHECK(pieces.consume(4) == 4);  // its rest, and one byte of the run
    CHECK(committed(pieces) == "hree");
    CHECK(pieces.consume(4) == 4);
    CHECK(pieces.empty());
    CHECK(pieces.size() == 0);
    CHECK(pusher.memory() == 0);
}

TEST_CASE("nothing after an open hole leaves before the hole is filled") {
    const Pusher pusher;
    Pieces pieces;
    pieces.add(run("a"), 0, 0);
    const std::uint64_t first = pieces.add_hole(never);
    pieces.add(pusher.payload("c"), 1);
    const std::uint64_t second = pieces.add_hole(never);
    pieces.add(run("e"), 0, 0);
    CHECK(committed(pieces) == "a");
    pieces.fill(second, "d");
    CHECK(committed(pieces) == "a");
    static_cast<void>(pieces.consume(1));
    CHECK(committed(pieces).empty());
    CHECK(pieces.holes() == 1);
    SECTION("a reply") {
        pieces.fill(first, "b");
        CHECK(committed(pieces) == "bcde");
    }
    SECTION("an empty reply") {
        pieces.fill(first, "");
        CHECK(committed(pieces) == "cde");
    }
    CHECK(pieces.holes() == 0);
    CHECK(pieces.consume(pieces.size()) == 1);
    CHECK(pieces.empty());
}

TEST_CASE("empty replies in all holes leave no pieces") {
    Pieces pieces;
    const std::uint64_t holes[] = {pieces.add_hole(never), pieces.add_hole(never), pieces.add_hole(never)};
    pieces.fill(holes[1], "");
    pieces.fill(holes[2], "");
    CHECK_FALSE(pieces.empty());
    pieces.fill(holes[0], "");
    CHECK(pieces.empty());
    CHECK(pieces.size() == 0);
}

TEST_CASE("a long run is shortened while it is sent") {
    constexpr std::size_t size = 1'000'000;
    Pieces pieces;
    pieces.add(run(noise(size)), 0, 0);
    std::string sent;
    while (!pieces.empty()) {
        const std::string first = committed(pieces).substr(0, 10'000);
        sent += first;
        static_cast<void>(pieces.consume(first.size()));
        const bool bounded = pieces.memory() <= 2 * pieces.size() + 70'000;
        REQUIRE(bounded);
    }
    CHECK((sent == noise(size)));
    CHECK(pieces.memory() < 1'000);
}

TEST_CASE("a run takes no more memory than its bytes") {
    Buffer large = run(noise(100'000));
    large.truncate(10'000);
    Pieces pieces;
    pieces.add(std::move(large), 0, 0);
    CHECK(pieces.memory() < 11'000);
}

TEST_CASE("pieces are the same bytes as a list of strings, whatever is added, filled and sent") {
    for (unsigned seed = 0; seed != 30; ++seed) {
        INFO(seed);
        PiecesModel model{seed};
        for (int i = 0; i != 60; ++i) {
            model.step();
            model.check();
        }
        model.end();
    }
}

TEST_CASE("replies that fill holes in order share the memory of one run") {
    Pieces pieces;
    const auto turn = [&] {
        std::array<std::uint64_t, 16> holes{};
        for (std::uint64_t& hole : holes) hole = pieces.add_hole(never);
        std::string replies;
        for (const std::uint64_t hole : holes) {
            replies += "+" + std::to_string(hole) + "\r\n";
            pieces.fill(hole, "+" + std::to_string(hole) + "\r\n");
        }
        std::array<std::string_view, 64> views;
        CHECK(pieces.gather(views) == 1);  // all in one run
        CHECK(committed(pieces) == replies);
        static_cast<void>(pieces.consume(pieces.size()));
        CHECK(pieces.empty());
    };
    for (int i = 0; i != 10; ++i) turn();
    const std::size_t memory = pieces.memory();
    for (int i = 0; i != 100; ++i) turn();
    CHECK(pieces.memory() == memory);
}

TEST_CASE("holes are filled when their deadline passes") {
    using resp::detail::Clock;
    const Clock::time_point begin{std::chrono::hours{1}};
    Pieces pieces;
    const std::uint64_t late = pieces.add_hole(begin + std::chrono::seconds{1});
    const std::uint64_t patient = pieces.add_hole(never);
    const std::uint64_t later = pieces.add_hole(begin + std::chrono::seconds{2});
    CHECK(pieces.fill_late(begin, "-late ") == 0);
    CHECK(pieces.fill_late(begin + std::chrono::seconds{1}, "-late ") == 1);
    CHECK_FALSE(pieces.fill(late, "+too late"));
    CHECK(committed(pieces) == "-late ");
    CHECK(pieces.fill_late(begin + std::chrono::seconds{1}, "-late ") == 0);
    CHECK(pieces.fill_late(begin + std::chrono::seconds{2}, "-late ") == 1);
    CHECK_FALSE(pieces.fill(later, "+too late"));
    CHECK(pieces.fill(patient, "+here "));
    CHECK(committed(pieces) == "-late +here -late ");
}

TEST_CASE("only the first committed bytes stay") {
    const Pusher pusher;
    for (std::size_t kept = 0; kept <= 9; ++kept) {
        Pieces pieces;
        pieces.add(run("xxabc"), 2, 0);
        pieces.add(pusher.payload("def"), 3);
        pieces.add(run("ghi"), 0, 0);
        const std::uint64_t hole = pieces.add_hole(never);
        pieces.add(run("jkl"), 0, 0);
        pieces.keep_first(kept);
        CHECK(pieces.size() == kept);
        CHECK(pieces.holes() == 0);
        CHECK_FALSE(pieces.fill(hole, "late"));
        CHECK(committed(pieces) == std::string{"abcdefghi"}.substr(0, kept));
        static_cast<void>(pieces.consume(kept));
        CHECK(pieces.empty());
    }
}
