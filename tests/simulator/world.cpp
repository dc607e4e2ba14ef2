// The rounds of a world: what clients, program and time do, and how the engine is told.
#include "world.hpp"

#include <algorithm>
#include <new>

#include "bounds.hpp"

namespace simulator {

World::World(const Setup& setup, Summary& summary)
    : setup_(setup), summary_(summary), random_(setup.seed ^ 0xA5A5A5A5) {
    if (setup.mixed) {
        server_.emplace(setup.options, MixedHandler{stage_});
    } else if (setup.coroutine) {
        server_.emplace(setup.options, CoroutineHandler{stage_});
    } else if (setup.deferring) {
        server_.emplace(setup.options, DeferringHandler{stage_});
    } else {
        server_.emplace(setup.options, PlainHandler{stage_});
    }
    summary_.add(Event::world);
    summary_.add(setup.mixed       ? Event::mixed_world
                 : setup.coroutine ? Event::coroutine_world
                 : setup.deferring ? Event::deferring_world
                                   : Event::plain_world);
}

World::~World() {
    spared_.reset();
    failing_.reset();
    stage_.clear();                                   // its coroutines must be destroyed before their context
    if (random_.chance(500)) stage_.answers.clear();  // otherwise they outlive the server
    server_.reset();
}

void World::run() {
    constexpr std::size_t last_rounds = 40;
    if (setup_.memory_fails) arm_allocator();
    std::size_t left = last_rounds;
    while (left != 0) {
        round();
        if (stopped_at_ && setup_.destroyed && random_.chance(200)) {
            if (!clients_.empty()) summary_.add(Event::destroyed);
            return;
        }
        if (connected_ == setup_.clients || stopped_at_) --left;
        if (rounds_ % 64 == 0) check_quiet();
    }
    finish();
}

void World::round() {
    ++rounds_;
    allow_steps(0);
    connect();
    clients_act();
    world_acts();
    if (random_.chance(700)) run_turn();
    poll();
    run_turn();
    if (rounds_ % setup_.tick_every == 0) tick();
    remove_gone();
}

// ---- the engine

/// Each call of the engine goes through this: it counts a step, and it checks the memory.
template <class Action>
void World::engine(const Action& action) {
    spared_.reset();
    try {
        action();
    } catch (const std::bad_alloc&) {
        check(setup_.memory_fails, "the engine throws std::bad_alloc");
    }
    if (setup_.memory_fails) arm_allocator();
    ++steps_;
    if (server_->memory() > short_from(setup_)) {
        over_memory_ = now_;
        summary_.add(Event::shortage);
    }
    check(server_->memory() <= memory_bound(setup_), "the server holds more memory than the bound");
}

/// Lets one of the next allocations of the engine fail, if none is going to. Those of the simulator never do.
void World::arm_allocator() {
    if (failing_ && support::FailingAllocation::has_failed()) {
        ++failures_;
        summary_.add(Event::allocation_failed);
        failing_.reset();
    }
    if (!failing_) failing_.emplace(1 + random_.below(300));
    spared_.emplace();
}

/// From now on the engine may do so many steps, and some for each client, until it must rest.
void World::allow_steps(std::uint64_t n) { most_steps_ = steps_ + n + 10'000 + 200 * clients_.size(); }

/// Runs the actions that are posted now, but none that these post: as Asio does between two calls of epoll.
void World::run_turn() {
    bool done = false;
    server_->post([&done] { done = true; });
    while (!done) run_posted();
}

bool World::run_posted() {
    bool ran = false;
    engine([&] { ran = server_->run_posted(); });
    check(steps_ < most_steps_, "the engine does not come to rest");
    return ran;
}

void World::poll(Client& client) {
    const support::Interest ready = client.stream->ready();
    if (ready != support::Interest{}) engine([&] { client.stream->notify(ready); });
}

/// Notifies the engine of most clients that are ready, beginning anywhere.
void World::poll() {
    if (clients_.empty()) return;
    const std::size_t first = random_.below(clients_.size());
    const bool misses_some = random_.chance(300);
    for (std::size_t i = 0; i != clients_.size(); ++i) {
        if (misses_some && random_.chance(500)) continue;
        poll(*clients_[(first + i) % clients_.size()]);
    }
}

void World::tick() {
    for (const auto& client : clients_) client->measure(now_);
    now_ += tick_time;
    summary_.add(Event::tick);
    aborted_ = aborted_ || (stopped_at_ && now_ - *stopped_at_ >= setup_.options.drain_deadline);
    engine([&] { static_cast<void>(stage_.tick()); });
    engine([&] { server_->tick(tick_time); });
    if (!stopped_at_ || setup_.coroutine) return;  // a waiting coroutine delays the end
    const Time stopping = now_ - *stopped_at_;
    check(stopping < setup_.options.drain_deadline + lateness || server_->has_stopped(),
          "the server is still stopping after the drain deadline");
}

// ---- clients

void World::connect() {
    const bool may_connect = !stopped_at_ || (!aborted_ && random_.chance(50));
    if (!may_connect || connected_ == setup_.clients) return;
    std::size_t n = random_.below(setup_.at_a_time / 4 + 2);
    for (; n != 0 && clients_.size() < setup_.at_a_time && connected_ != setup_.clients; --n) {
        auto client = std::make_unique<Client>(setup_, random_, connected_++);
        client->refused = server_->connections() >= setup_.options.max_connections;
        client->sent_at = now_;
        if (setup_.memory_fails) client->stream->received.reserve(256 * 1024);
        if (stopped_at_) client->sent_before_stop = 0;
        stage_.connecting = &client->served;
        bool thrown = false;
        const std::uint64_t failures = failures_;
        engine([&] {
            try {
                server_->adopt(client->stream);
            } catch (const std::bad_alloc&) {
                thrown = true;
            }
        });
        check(!thrown || failures_ != failures, "only a failed allocation keeps a client from connecting");
        check(client->served.opened == (client->refused ? 0 : 1) || failures_ != failures,
              "on_open() is called unless the client is refused");
        summary_.add(Event::connection);
        if (thrown) {
            ++lost_;
            continue;
        }
        if (client->refused) summary_.add(Event::refused);
        clients_.push_back(std::move(client));
    }
}

void World::clients_act() {
    for (const auto& client : clients_) {
        if (random_.chance(800)) client->act(random_, now_);
    }
}

/// What happens to the server from outside, with chances of 1,000.
void World::world_acts() {
    if (random_.chance(setup_.gate)) engine([&] { static_cast<void>(stage_.gate.open()); });
    if (random_.chance(setup_.gate)) {
        for (std::size_t n = random_.below(stage_.answers.size() + 1); n != 0; --n) answer_one();
    }
    if (!stopped_at_ && setup_.stop_after != 0 && connected_ >= setup_.stop_after) stop();
    if (stopped_at_ && setup_.stops_by_force && !aborted_ && random_.chance(200)) {
        aborted_ = true;
        summary_.add(Event::stop_by_force);
        engine([&] { server_->abort(); });
    }
    if (clients_.empty()) return;
    if (random_.chance(100)) {
        Client& client = any_client();
        if (client.served.opened != 0) engine([&] { client.served.push(random_.below(300)); });
    }
    if (random_.chance(20)) {
        Client& client = any_client();
        client.closed_by_app = client.served.opened != 0;
        if (client.closed_by_app) engine([&] { client.served.connection.close(); });
        summary_.add(Event::app_close);
    }
    if (random_.chance(100)) {
        const std::size_t which = random_.below(3);
        engine([&] { any_client().stream->notify({.read = which != 0, .write = which != 1}); });
        summary_.add(Event::spurious);
    }
}

/// Answers a deferred reply: on the thread of its connection, or as another thread would.
void World::answer_one() {
    const auto answer = std::make_shared<std::pair<resp::Deferred, std::string>>(
        stage_.take_answer(random_.below(stage_.answers.size())));
    const auto act = [answer] { static_cast<void>(std::move(answer->first).wire(answer->second)); };
    if (random_.chance(500)) {
        server_->post(act);
    } else {
        engine(act);
    }
}

void World::stop() {
    stopped_at_ = now_;
    summary_.add(Event::stop);
    for (const auto& client : clients_) {
        client->sent_before_stop = client->sent;
        if (client->expected().incomplete) summary_.add(Event::incomplete_at_stop);
    }
    engine([&] { server_->stop(); });
}

}  // namespace simulator
