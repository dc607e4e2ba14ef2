// Values that own their bytes, and parsing in one go.
#pragma once

#include <libresp/codec/encoder.hpp>
#include <libresp/codec/error.hpp>
#include <libresp/codec/limits.hpp>
#include <libresp/codec/view.hpp>

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace resp {

/// Writes a value in the version that the encoder writes. In RESP3 what was decoded reads back as the
/// same value, attributes included; streamed values get their lengths. In RESP2 the forms are those of
/// the encoder's table, and attributes are left out, as a RESP2 reader does not know them. An attribute
/// by itself is written as a map.
void encode(Encoder& out, View value);

/// Whether two values are the same: type, content and attributes. How they were framed makes no
/// difference (`:+7` or `:7`, streamed or not), nor does the spelling of a double; nan equals nan, and
/// -0 equals 0. The three nulls are different values. The order in a set or map counts.
[[nodiscard]] bool operator==(View a, View b) noexcept;

/// A value that owns its bytes: a copy of what a view shows, in one piece whatever its depth.
class Value {
public:
    /// A deep copy; of an attribute itself, a map. The view's bytes are not needed any more.
    explicit Value(View view);
    Value(const Value& other) : Value(other.view()) {}
    Value(Value&&) noexcept;
    Value& operator=(const Value& other) { return *this = Value{other}; }
    Value& operator=(Value&&) noexcept;
    ~Value();

    /// Reads the value. The view lives as long as the value, also when that is moved. A value that was
    /// moved from has none.
    [[nodiscard]] View view() const noexcept;
    operator View() const noexcept { return view(); }

    [[nodiscard]] friend bool operator==(const Value& a, const Value& b) noexcept {
        return a.view() == b.view();
    }

private:
    struct Content;
    std::unique_ptr<Content> content_;
};

/// What parse() found: a value, or why there is none.
class Parsed {
public:
    Parsed(Value value) noexcept : value_(std::move(value)) {}
    Parsed(DecodeError error) noexcept : error_(error) {}

    [[nodiscard]] explicit operator bool() const noexcept { return value_.has_value(); }
    [[nodiscard]] const Value& operator*() const& noexcept { return *value_; }
    [[nodiscard]] Value&& operator*() && noexcept { return std::move(*value_); }
    /// What is wrong, and where. Meaningful if there is no value.
    [[nodiscard]] const DecodeError& error() const noexcept { return error_; }

private:
    std::optional<Value> value_;
    DecodeError error_;
};

/// Parses exactly one value. Input that ends too early is Errc::incomplete at its end, bytes behind the
/// value are Errc::trailing_data at the first of them.
///
///     auto value = resp::parse(":42\r\n");
///     if (value) use((*value).view().integer());
[[nodiscard]] Parsed parse(std::string_view bytes, Limits limits = {}, Reads reads = Reads::replies);

}  // namespace resp
