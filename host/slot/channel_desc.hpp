// host/slot/channel_desc.hpp - what a plugin asks for when it opens an end, checked field by field.
//
// Owns: nothing. Thread: any. Errors: INVALID, RANGE and TOO_NEW, naming the field.
#pragma once

#include <string>

#include "backplane/abi/channel.h"

#include "host/channel/channel.hpp"
#include "host/error/error.hpp"

namespace host::slot {

[[nodiscard]] error::Result<channel::Settings> settings_of(const bp_chan_desc& desc);

// The consumer's group; empty: the default one, or an older plugin that knows of none. `desc` is
// one that settings_of() accepts.
[[nodiscard]] error::Result<std::string> group_of(const bp_chan_desc& desc);

}  // namespace host::slot
