// The codec: turns bytes into values and values into bytes, for all of RESP2 and RESP3. It does no I/O,
// starts no thread, and does not need Asio. Input may arrive in pieces of any size. A frame is one whole
// value at the top level of a stream, with its attributes, or one inline command.
//
//     std::string bytes;
//     resp::Encoder{bytes}.command("SET", "greeting", "Hello world!");
//
//     resp::Decoder decoder;
//     decoder.feed(bytes);                          // or receive into decoder.prepare(), then commit()
//     while (const auto frame = decoder.next()) {   // one frame at a time
//         std::puts(resp::to_string(*frame).c_str());
//     }
//     if (decoder.error()) std::puts(decoder.error()->message().c_str());
//
// Reading:
//   decoder.hpp      Decoder: turns a stream of bytes into whole frames, which are read in place
//   view.hpp         View: reads a value inside received bytes
//   value.hpp        Value: owns its bytes; parse(): reads one value from memory
//   command.hpp      Command: reads a request as words; the error texts of Redis
//   token.hpp        Token: one step of a message
//   tokenizer.hpp    Tokenizer: reads token by token in constant memory, for strings larger than memory
// Writing:
//   encoder.hpp      Encoder: one function for each type
//   buffer.hpp       Buffer: the bytes that decoders receive into and encoders write to
// Both:
//   type.hpp         Type, Version
//   limits.hpp       Limits: how much a decoder accepts; Reads: which input it accepts as a frame
//   error.hpp        Errc, DecodeError: what is wrong, and at which byte
//   escape.hpp       escaped(): makes untrusted bytes safe to print
//   wire.hpp         the pieces of the grammar, for your own parser
//   wire_write.hpp   the pieces of the grammar, for your own writer
// Include it beside this header if you need it:
//   format.hpp       prints values with fmt
//
// The codec throws only std::bad_alloc; format.hpp also throws fmt::format_error. Compiled with
// -fno-exceptions, the codec calls std::abort() instead.
#pragma once

#include <libresp/codec/buffer.hpp>
#include <libresp/codec/command.hpp>
#include <libresp/codec/decoder.hpp>
#include <libresp/codec/encoder.hpp>
#include <libresp/codec/error.hpp>
#include <libresp/codec/escape.hpp>
#include <libresp/codec/limits.hpp>
#include <libresp/codec/token.hpp>
#include <libresp/codec/tokenizer.hpp>
#include <libresp/codec/type.hpp>
#include <libresp/codec/value.hpp>
#include <libresp/codec/view.hpp>
#include <libresp/codec/wire.hpp>
#include <libresp/codec/wire_write.hpp>
#include <libresp/version.hpp>
