// The pool of spare decoders and outputs: how many it keeps, and for how long.
#include "server/spares.hpp"

#include <cstddef>
#include <memory>
#include <vector>

#include "support/catch.hpp"
#include "support/sizes.hpp"

using support::mib;

namespace {

struct Block {
    std::size_t size;
    [[nodiscard]] std::size_t memory() const noexcept { return size; }
};

using Spares = resp::detail::Spares<Block>;

/// How many of `n` blocks are kept.
std::size_t keep(Spares& spares, std::size_t n, std::size_t size) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i != n; ++i) {
        if (spares.keep(std::make_unique<Block>(size)) == nullptr) ++kept;
    }
    return kept;
}

std::size_t count(Spares& spares) {
    std::vector<std::unique_ptr<Block>> taken;
    while (auto block = spares.take()) taken.push_back(std::move(block));
    for (auto& block : taken) REQUIRE(spares.keep(std::move(block)) == nullptr);
    return taken.size();
}

}  // namespace

TEST_CASE("the pool is limited by memory and by number") {
    Spares large;
    CHECK(keep(large, 20, mib) == 16);
    CHECK(large.take()->size == mib);
    CHECK(keep(large, 3, mib / 2) == 2);
    Spares small;
    CHECK(keep(small, 1'000, 100) == 256);
}

TEST_CASE("the object that was given back last is taken first") {
    Spares spares;
    CHECK(spares.take() == nullptr);
    CHECK(keep(spares, 1, 1) == 1);
    CHECK(keep(spares, 1, 2) == 1);
    CHECK(spares.take()->size == 2);
    CHECK(spares.take()->size == 1);
    CHECK(spares.empty());
}

TEST_CASE("each tick frees half of the objects that were not needed") {
    Spares spares;
    CHECK(keep(spares, 100, mib / 10) == 100);
    CHECK(spares.give_up() == 0);  // none was in the pool for a whole tick
    CHECK(spares.give_up() == 50 * (mib / 10));
    CHECK(count(spares) == 50);
    CHECK(spares.give_up() == 0);  // count() took all of them for a moment
    for (const std::size_t gone : {25, 13, 6, 3, 2, 1}) CHECK(spares.give_up() == gone * (mib / 10));
    CHECK(spares.empty());
    CHECK(spares.give_up() == 0);
    CHECK(keep(spares, 20, mib) == 16);  // freed objects do not count
}
