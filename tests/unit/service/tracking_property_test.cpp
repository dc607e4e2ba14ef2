// Clients with local caches do random things. Invariant: when all pushes have arrived, no cache has an old value.
#include "fixture.hpp"
#include "support/sanitized.hpp"

#include <deque>
#include <map>
#include <random>

using service_test::ServiceUnderTest;

namespace {

using Values = std::map<std::string, std::string>;

#if defined(LIBRESP_ASAN) || defined(LIBRESP_TSAN)
constexpr int turns = 10'000;
#else
constexpr int turns = 112'000;  // of 4.5 operations on average, for two seeds: a million together
#endif

/// REQUIRE() would take most of the time of this test.
void require(bool holds, const char* what) {
    if (!holds) FAIL(what);
}

/// Reads one value at `at`, and moves `at` after it. An array or a push is its elements with a blank between them;
/// null is "null".
std::string read_value(const std::string& bytes, std::size_t& at) {
    const std::size_t end = bytes.find("\r\n", at);
    require(end != std::string::npos, "a value is cut");
    const char type = bytes[at];
    const std::string line = bytes.substr(at + 1, end - at - 1);
    at = end + 2;
    if (type == '_') return "null";
    if (type == '$') {
        const auto size = std::stoul(line);
        at += size + 2;
        return bytes.substr(at - size - 2, size);
    }
    if (type != '*' && type != '>') return line;
    std::string elements;
    for (auto n = std::stoul(line); n != 0; --n)
        elements += (elements.empty() ? "" : " ") + read_value(bytes, at);
    return elements;
}

/// A client that keeps what it has read until the server invalidates it.
class CachingClient {
public:
    CachingClient(support::MemoryClient& stream, std::string mode)
        : stream_(&stream), mode_(std::move(mode)) {
        send("HELLO 3", "");
        start();
    }

    void get(const std::string& key, bool changes_caching) {
        const bool opts_in = mode_.starts_with("OPTIN"), opts_out = mode_.starts_with("OPTOUT");
        if (changes_caching && opts_in) send("CLIENT CACHING YES", "");
        if (changes_caching && opts_out) send("CLIENT CACHING NO", "");
        const bool has_prefix = mode_.find("PREFIX") == std::string::npos || key.starts_with("k1");
        const bool keeps = opts_in ? changes_caching : opts_out ? !changes_caching : has_prefix;
        send("GET " + key, keeps ? "keep " + key : "");
    }
    /// With NOLOOP the client must forget the key by itself.
    void set(const std::string& key, const std::string& value) {
        send("SET " + key + " " + value, "drop " + key);
    }
    /// Reads `key` twice and changes `other` between.
    void transaction(const std::string& key, const std::string& other, const std::string& value) {
        for (const auto& words : {std::string{"MULTI"}, "GET " + key, "SET " + other + " " + value})
            send(words, "");
        send("EXEC", "drop " + other);
    }
    void flush() { send("FLUSHALL", ""); }
    /// Changes nothing; a prefix would be there twice.
    void again() {
        if (mode_.find("PREFIX") == std::string::npos) start();
    }
    void restart() {
        send("CLIENT TRACKING OFF", "clear");
        start();
    }

    /// Takes what has arrived, in order.
    void receive() {
        for (std::size_t at = 0; at != stream_->received.size();) {
            const bool is_push = stream_->received[at] == '>';
            if (stream_->received[at] == '%') {  // of HELLO
                at = stream_->received.find("modules\r\n*0\r\n", at) + 13;
                pending_.pop_front();
                continue;
            }
            const std::string value = read_value(stream_->received, at);
            is_push ? forget(value) : reply(value);
        }
        stream_->received.clear();
        require(pending_.empty(), "a reply is missing");
    }
    [[nodiscard]] const Values& cache() const noexcept { return cache_; }
    [[nodiscard]] std::size_t invalidated() const noexcept { return invalidated_; }

private:
    void start() { send(mode_ == "off" ? "PING" : "CLIENT TRACKING ON " + mode_, ""); }
    void send(const std::string& words, std::string then) {
        stream_->send(words + "\r\n");
        pending_.push_back(std::move(then));
    }
    void forget(const std::string& push) {
        if (push == "invalidate null") return cache_.clear();
        require(push.starts_with("invalidate "), "a push is no invalidation");
        invalidated_ += cache_.erase(push.substr(11));
    }
    void reply(const std::string& value) {
        require(!pending_.empty(), "a reply is too much");
        const std::string then = std::move(pending_.front());
        pending_.pop_front();
        if (then == "clear") cache_.clear();
        if (then.starts_with("drop ")) cache_.erase(then.substr(5));
        if (then.starts_with("keep ") && mode_ != "off") cache_[then.substr(5)] = value;
    }

    support::MemoryClient* stream_;
    std::string mode_;
    std::deque<std::string> pending_;  // what each reply means
    Values cache_;
    std::size_t invalidated_ = 0;
};

struct CachingFixture : ServiceUnderTest<> {
    CachingFixture() {
        commands.add("GET key", [this](std::string_view key) { return values[std::string{key}]; },
                     {.readonly = true});
        commands.add("SET key value", [this](std::string_view key, std::string_view value, resp::Call& call) {
            values[std::string{key}] = value;
            call.changed(key, "set");
            return resp::ok;
        });
        commands.add("FLUSHALL", [this] {
            values.clear();
            commands.keys().all_changed();
            return resp::ok;
        });
        for (const char* mode :
             {"", "NOLOOP", "OPTIN", "OPTOUT NOLOOP", "BCAST", "BCAST NOLOOP PREFIX k1", "off"}) {
            connect_with(mode);
        }
    }
    void connect_with(const char* mode) { caching.emplace_back(connect(clients.size()), mode); }
    void act(std::mt19937& random) {
        CachingClient& client = caching[random() % caching.size()];
        const std::string key = "k" + std::to_string(random() % 20), value = std::to_string(random() % 1000);
        switch (random() % 100) {
            case 0: client.flush(); break;
            case 1: client.restart(); break;
            case 2: client.again(); break;
            default:
                if (random() % 3 == 0) {
                    client.set(key, value);
                } else if (random() % 20 == 0) {
                    client.transaction(key, "k" + std::to_string(random() % 20), value);
                } else {
                    client.get(key, random() % 2 == 0);
                }
        }
    }
    /// How many cached values are old.
    std::size_t old_values() {
        std::size_t old = 0;
        for (CachingClient& client : caching) {
            client.receive();
            for (const auto& [key, value] : client.cache()) old += values[key] != value ? 1 : 0;
        }
        return old;
    }
    Values values;
    std::deque<CachingClient> caching;
};

}  // namespace

TEST_CASE("no client keeps an old value after the pushes have arrived") {
    const unsigned seed = GENERATE(1U, 2U);
    CAPTURE(seed);
    std::mt19937 random{seed};
    CachingFixture test;
    std::size_t old = 0;
    std::size_t cached = 0;
    for (int turn = 0; turn != turns && old == 0; ++turn) {
        for (auto n = random() % 10; n != 0; --n) test.act(random);
        // Sometimes the commands of several clients are read in turns.
        if (random() % 2 == 0) {
            for (auto n = random() % 5; n != 0; --n) test.server->step();
        }
        test.server->run();
        old = test.old_values();
        for (const CachingClient& client : test.caching) cached += client.cache().size();
    }
    CHECK(old == 0);
    // The caches were used.
    CHECK(cached > 10'000);
    for (std::size_t i = 0; i != 6; ++i) CHECK(test.caching[i].invalidated() > 100);
}
