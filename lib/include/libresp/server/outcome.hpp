// What a call of a handler has left to do. It can be declared without Asio.
#pragma once

#include <libresp/server/awaitable.hpp>

#include <concepts>
#include <cstddef>
#include <new>
#include <utility>

namespace resp {

/// The result of a handler that answers some requests at once, and waits for others. By default nothing is
/// left to do. An `asio::awaitable<void>` converts to an Outcome: the server awaits it, and handles the next
/// request of this client after it.
///
///     resp::Outcome operator()(const resp::Request& request, resp::Reply& reply) {
///         if (request.command().is("GET")) return get(request, reply);    // void: `return {};` after it
///         return load(request, reply);                                    // asio::awaitable<void>
///     }
///
/// Such a handler should have the member `bool waits(const resp::Request&) const`; see Handler.
class Outcome {
public:
    /// Nothing is left to do.
    Outcome() = default;
    template <std::same_as<detail::Awaitable> Wait>
    Outcome(Wait wait) noexcept : move_(&move<Wait>) {
        static_assert(sizeof(Wait) == sizeof(void*));
        new (&place_) Wait{std::move(wait)};
    }
    Outcome(Outcome&& other) noexcept : move_(std::exchange(other.move_, nullptr)) {
        if (move_ != nullptr) move_(&other.place_, &place_);
    }
    Outcome& operator=(Outcome&& other) noexcept {
        if (this == &other) return *this;
        clear();
        move_ = std::exchange(other.move_, nullptr);
        if (move_ != nullptr) move_(&other.place_, &place_);
        return *this;
    }
    ~Outcome() { clear(); }

    /// Whether there is a coroutine to await.
    [[nodiscard]] bool waits() const noexcept { return move_ != nullptr; }
    /// That coroutine, for a handler that calls another one. waits() must be true, and is false after it.
    [[nodiscard]] detail::Awaitable take() noexcept;

private:
    /// Moves the awaitable, or only destroys it if `to` is null.
    template <class Wait>
    static void move(void* from, void* to) noexcept {
        Wait& wait = *std::launder(static_cast<Wait*>(from));
        if (to != nullptr) new (to) Wait{std::move(wait)};
        wait.~Wait();
    }
    void clear() noexcept {
        if (move_ != nullptr) std::exchange(move_, nullptr)(&place_, nullptr);
    }

    void (*move_)(void* from, void* to) noexcept = nullptr;  // null: there is no awaitable
    void* place_ = nullptr;                                  // the awaitable, which has this size
};

}  // namespace resp
