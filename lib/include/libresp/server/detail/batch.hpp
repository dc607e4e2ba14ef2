// The requests that one connection handles in one go.
#pragma once

#include <libresp/server/reply.hpp>
#include <libresp/server/request.hpp>

#include <cstdint>
#include <optional>

namespace resp::detail {

class Session;

/// Why a batch ended. `all_handled`: no whole frame is left, or the connection closes. `too_many_deferred`: it
/// goes on when a reply is answered.
enum class BatchEnd : unsigned char {
    all_handled,
    output_full,
    budget_spent,
    too_many_deferred,
    awaiting_handler
};

/// The requests that one connection handles in one go.
class Batch {
public:
    /// The next request. Empty at the end of the batch: no whole frame is left, too many replies are queued,
    /// the batch has used its budget, or the connection closes.
    [[nodiscard]] std::optional<View> next() {
        const Entry request = next_entry();
        if (request.node == nullptr) return std::nullopt;
        return view_of(request);
    }
    /// A view of the request that next() has returned, valid until its coroutine handler ends.
    [[nodiscard]] View keep(View request);
    [[nodiscard]] Reply& reply() noexcept { return reply_; }
    /// The request of a view that next() or keep() has returned.
    [[nodiscard]] Request request(View value) const noexcept { return {value, connection_, turn_}; }
    /// For a handler that waits although its waits() has returned false. Throws std::logic_error.
    [[noreturn]] static void refuse_to_wait();

private:
    friend class Session;
    Batch(Session& session, const Connection& connection, Reply& reply, void* turn) noexcept
        : session_(session), connection_(connection), reply_(reply), turn_(turn) {}
    Entry next_entry();

    Session& session_;
    const Connection& connection_;
    Reply& reply_;
    void* turn_;
    std::uint64_t requests_ = 0;  // that next() has returned
    BatchEnd end_ = BatchEnd::all_handled;
};

}  // namespace resp::detail
