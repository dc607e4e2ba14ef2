// The key function of a transport.
#include <libresp/server/transport.hpp>

namespace resp {

Transport::~Transport() = default;

}  // namespace resp
