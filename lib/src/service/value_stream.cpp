// A word that arrives while the function of its command runs.
#include <libresp/service/value_stream.hpp>

#include <libresp/server/asio.hpp>
#include <libresp/server/incoming.hpp>

#include <utility>

namespace resp {

std::uint64_t ValueStream::size() const noexcept {
    return incoming_ != nullptr ? incoming_->size() : word_.size();
}

asio::awaitable<std::optional<std::string_view>> ValueStream::next() {
    if (incoming_ == nullptr) {
        if (std::exchange(taken_, true) || word_.empty()) co_return std::nullopt;
        co_return word_;
    }
    for (;;) {
        const std::optional<Incoming::Piece> piece = co_await incoming_->next();
        if (!piece) co_return std::nullopt;
        if (!piece->token.text.empty()) co_return piece->token.text;
    }
}

}  // namespace resp
