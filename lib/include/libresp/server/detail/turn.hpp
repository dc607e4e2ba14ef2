// The member type `Turn` of a handler, as one type for the engine.
#pragma once

#include <libresp/server/awaitable.hpp>
#include <libresp/server/detail/hooks.hpp>

#include <concepts>
#include <memory>
#include <type_traits>

namespace resp::detail {

/// What the connections of one thread share.
class AnyTurn {
public:
    AnyTurn() = default;
    AnyTurn(const AnyTurn&) = delete;
    AnyTurn& operator=(const AnyTurn&) = delete;
    virtual ~AnyTurn();
    /// Calls the end() of the user's object.
    virtual void end() = 0;
    /// The user's object.
    [[nodiscard]] virtual void* object() noexcept = 0;
};

template <class H>
concept has_turn = requires { typename Unwrapped<H>::type::Turn; };

/// Whether T can be the Turn of H. It gets the handler, or the executor, or both, or nothing.
template <class T, class H, class Executor = asio::any_io_executor>
concept can_be_turn =
    (std::default_initializable<T> || std::constructible_from<T, const H&> ||
     std::constructible_from<T, const Executor&> || std::constructible_from<T, const H&, const Executor&>) &&
    requires(T& turn) {
        { turn.end() } -> std::same_as<void>;
    };

template <class H>
consteval bool turn_is_usable() {
    if constexpr (has_turn<H>) {
        return can_be_turn<typename Unwrapped<H>::type::Turn, H>;
    } else {
        return true;
    }
}
template <class H>
concept turn_fits = turn_is_usable<H>();

template <class T>
class TurnOf final : public AnyTurn {
public:
    template <class... Arguments>
    explicit TurnOf(const Arguments&... arguments) : turn_(arguments...) {}
    void end() override { turn_.end(); }
    [[nodiscard]] void* object() noexcept override { return &turn_; }

private:
    T turn_;
};

/// Makes the Turn of H for a thread with this executor; null if H has none.
template <class H, class Executor>
[[nodiscard]] std::unique_ptr<AnyTurn> make_turn([[maybe_unused]] const H& handler,
                                                 [[maybe_unused]] const Executor& executor) {
    if constexpr (has_turn<H>) {
        using T = typename Unwrapped<H>::type::Turn;
        if constexpr (std::constructible_from<T, const H&, const Executor&>) {
            return std::make_unique<TurnOf<T>>(handler, executor);
        } else if constexpr (std::constructible_from<T, const H&>) {
            return std::make_unique<TurnOf<T>>(handler);
        } else if constexpr (std::constructible_from<T, const Executor&>) {
            return std::make_unique<TurnOf<T>>(executor);
        } else {
            return std::make_unique<TurnOf<T>>();
        }
    } else {
        return nullptr;
    }
}

}  // namespace resp::detail
