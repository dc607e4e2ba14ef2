// The place of a connection in the list of its worker.
#pragma once

#include "places.hpp"

#include <memory>

namespace resp::detail {

class Session;

/// The worker owns the connections in its list, and sets these members.
struct Listed {
    Place place_;  // empty if the client was refused
    Session* previous_in_list_ = nullptr;
    Session* next_in_list_ = nullptr;
    std::shared_ptr<Session> self_;
};

}  // namespace resp::detail
