// A usage line that is checked when the program is compiled.
#pragma once

#include <libresp/service/detail/check_parameters.hpp>
#include <libresp/service/detail/function.hpp>

#include <concepts>
#include <string_view>

namespace resp::detail {

/// A usage line for a function of type F. A literal is checked when the program is compiled.
template <class State, class F>
class UsageLine {
public:
    template <class Text>
        requires std::convertible_to<const Text&, std::string_view>
    consteval UsageLine(const Text& line) : line_(line) {
        check();
    }
    constexpr std::string_view text() const noexcept { return line_; }

    /// Throws UsageError.
    constexpr void check() const {
        if constexpr (HasSignature<F>) {
            Invoker<State, F>::check(Usage{line_}, typename SignatureOf<F>::Takes{});
        }
    }

private:
    std::string_view line_;
};

}  // namespace resp::detail
