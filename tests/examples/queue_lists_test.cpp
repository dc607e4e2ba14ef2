// The lists of examples/queue, and clients that wait for their elements.
#include <queue/lists.hpp>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>

#include <array>
#include <atomic>
#include <charconv>
#include <random>
#include <thread>

#include "support/catch.hpp"

namespace {

using Words = std::vector<std::string_view>;

/// Waiters on one thread. run() lets those that were woken go on.
class Clients {
public:
    /// A client that takes one element, and adds it to `taken`.
    void wait(Lists& lists, Words keys, Waiter::Time deadline = Waiter::Time::max()) {
        asio::co_spawn(context_, pop(lists, std::move(keys), deadline), asio::detached);
        run();
    }
    void run() {
        context_.restart();
        context_.poll();
    }
    /// A waiter outside of a coroutine.
    std::unique_ptr<Waiter> waiter(Lists& lists, const Words& keys) {
        return std::make_unique<Waiter>(lists, End::left, keys, context_.get_executor(), Waiter::Time::max());
    }
    std::vector<std::string> taken;

private:
    asio::awaitable<void> pop(Lists& lists, Words keys, Waiter::Time deadline) {
        Waiter waiter{lists, End::left, keys, context_.get_executor(), deadline};
        std::optional<Element> element;
        while (!(element = waiter.take())) {
            if (waiter.is_late()) {
                taken.emplace_back("late");
                co_return;
            }
            co_await waiter.wait();
        }
        taken.push_back(element->key + " " + element->value);
    }

    asio::io_context context_;
};

using Taken = std::vector<std::string>;

}  // namespace

TEST_CASE("clients that wait for a list get its elements in the order in which they came") {
    Lists lists;
    Clients clients;
    clients.wait(lists, {"a"});
    clients.wait(lists, {"b", "a"});
    clients.wait(lists, {"a"});
    CHECK(lists.push(End::right, "a", Words{"1", "2"}) == 2);
    clients.run();
    CHECK(clients.taken == Taken{"a 1", "a 2"});
    CHECK(lists.push(End::right, "a", Words{"3", "4"}) == 2);
    clients.run();
    CHECK(clients.taken == Taken{"a 1", "a 2", "a 3"});
    CHECK(lists.length("a") == 1);
}

TEST_CASE("a client waits for the first of its lists that has an element") {
    Lists lists;
    Clients clients;
    lists.push(End::left, "c", Words{"3"});
    lists.push(End::left, "b", Words{"2"});
    clients.wait(lists, {"a", "b", "c"});
    CHECK(clients.taken == Taken{"b 2"});
    CHECK(lists.length("c") == 1);
}

TEST_CASE(
    "an element is not given to a later client while the client that was woken for it has not taken it") {
    Lists lists;
    Clients clients;
    const auto waiter = clients.waiter(lists, {"a"});
    CHECK(lists.push(End::right, "a", Words{"1"}) == 1);
    CHECK(lists.length("a") == 0);
    CHECK_FALSE(lists.pop(End::left, "a", 1));
    const auto later = clients.waiter(lists, {"a"});
    CHECK_FALSE(later->take());
    CHECK(lists.push(End::right, "a", Words{"2", "3"}) == 2);
    CHECK(lists.length("a") == 1);
    CHECK(lists.pop(End::right, "a", 5) == std::vector<std::string>{"3"});
    CHECK(waiter->take()->value == "1");
    CHECK(later->take()->value == "2");
}

TEST_CASE("a client that leaves after it was woken passes its wake-up on") {
    Lists lists;
    Clients clients;
    auto leaves = clients.waiter(lists, {"a"});
    const auto stays = clients.waiter(lists, {"a", "a"});
    lists.push(End::right, "a", Words{"1"});
    CHECK_FALSE(stays->take());
    leaves.reset();
    CHECK(stays->take()->value == "1");
}

TEST_CASE("an element whose client leaves is there for the next request") {
    Lists lists;
    Clients clients;
    auto leaves = clients.waiter(lists, {"a"});
    lists.push(End::right, "a", Words{"1"});
    leaves.reset();
    CHECK(lists.length("a") == 1);
    CHECK(lists.pop(End::left, "a", 1) == std::vector<std::string>{"1"});
}

TEST_CASE("a client that leaves before a push takes no wake-up with it") {
    Lists lists;
    Clients clients;
    auto leaves = clients.waiter(lists, {"a", "b", "a"});
    const auto stays = clients.waiter(lists, {"a"});
    leaves.reset();
    lists.push(End::right, "a", Words{"1"});
    CHECK(stays->take()->value == "1");
}

TEST_CASE("a client whose time is over gets nothing, and a later push keeps its element") {
    Lists lists;
    Clients clients;
    clients.wait(lists, {"a"}, std::chrono::steady_clock::now());
    CHECK(clients.taken == Taken{"late"});
    lists.push(End::left, "a", Words{"1"});
    CHECK(lists.length("a") == 1);
}

namespace {

constexpr std::string_view stop = "stop";

/// Threads with clients that push, pop, wait and leave at random. Each element is a number, or the word `stop`, which
/// ends the client that gets it. A lost element or wake-up leaves a client that waits forever.
class Crowd {
public:
    /// Pushes the numbers from `first`. Returns when each client was stopped.
    void run(std::size_t first, std::size_t elements) {
        std::vector<std::thread> running;
        next_ = first;
        for (asio::io_context& context : contexts_) {
            context.restart();
            asio::co_spawn(context, push(context, first + elements), asio::detached);
            for (std::size_t i = 0; i != clients; ++i) {
                asio::co_spawn(context, pop(context, static_cast<unsigned>(++seed_)), asio::detached);
            }
        }
        for (asio::io_context& context : contexts_) running.emplace_back([&context] { context.run(); });
        for (std::thread& thread : running) thread.join();
    }
    /// Takes the elements that were left when the last client was stopped.
    void drain() {
        for (const std::string_view key : keys) {
            for (const std::string& value : lists_.pop(End::left, key, 100).value_or(Taken{})) count(value);
        }
    }
    /// The number of elements in the lists.
    [[nodiscard]] std::size_t left() const {
        return lists_.length(keys[0]) + lists_.length(keys[1]) + lists_.length(keys[2]);
    }
    /// How often the number was given to a client.
    [[nodiscard]] int given(std::size_t number) const { return given_.at(number); }

private:
    static constexpr std::size_t clients = 8;  // of each thread
    static constexpr std::array<std::string_view, 3> keys{"a", "b", "c"};

    /// Pushes only as fast as the clients pop, so that there are always some that wait.
    asio::awaitable<void> push(asio::io_context& context, std::size_t end) {
        for (std::size_t number = next_++; number < end; number = next_++) {
            const std::string value = std::to_string(number);
            lists_.push(number % 2 == 0 ? End::left : End::right, keys[number % 3], Words{value});
            while (left() > clients) co_await asio::post(context, asio::use_awaitable);
        }
        const Words stops(clients, stop);
        lists_.push(End::right, keys[end % 3], stops);
    }
    asio::awaitable<void> pop(asio::io_context& context, unsigned seed) {
        std::minstd_rand random{seed};
        for (bool goes_on = true; goes_on;) {
            Words wanted(keys.begin(), keys.end());
            std::rotate(wanted.begin(), wanted.begin() + random() % 3, wanted.end());
            const unsigned way = random() % 4;
            if (way == 0) {
                const auto popped = lists_.pop(End::left, wanted[0], 1);
                if (popped) goes_on = count(popped->front());
                continue;
            }
            const auto until = way == 1 ? std::chrono::steady_clock::now() : Waiter::Time::max();
            Waiter waiter{lists_, End::right, wanted, context.get_executor(), until};
            if (way == 2) {  // leaves, perhaps after it was woken
                co_await asio::post(context, asio::use_awaitable);
                continue;
            }
            std::optional<Element> element;
            while (!(element = waiter.take()) && !waiter.is_late()) co_await waiter.wait();
            if (element) goes_on = count(element->value);
        }
    }
    /// Returns false if the client ends.
    bool count(std::string_view value) {
        if (value == stop) return false;
        std::size_t number = 0;
        std::from_chars(value.data(), value.data() + value.size(), number);
        ++given_.at(number);
        return true;
    }

    Lists lists_;
    std::array<asio::io_context, 3> contexts_;
    std::size_t seed_ = 0;
    std::atomic<std::size_t> next_{0};
    std::vector<std::atomic<int>> given_ = std::vector<std::atomic<int>>(100'000);
};

}  // namespace

TEST_CASE("each of 100,000 elements is given exactly once to clients that push, pop, wait and leave") {
    Crowd crowd;
    for (std::size_t first = 0; first != 100'000; first += 1'000) crowd.run(first, 1'000);
    crowd.drain();
    CHECK(crowd.left() == 0);
    std::size_t wrong = 0;
    for (std::size_t number = 0; number != 100'000; ++number) wrong += crowd.given(number) != 1 ? 1 : 0;
    CHECK(wrong == 0);
}
