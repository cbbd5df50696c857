// host/loader/pe_file.hpp - the facts of a Windows library (PE32+).
//
// Owns: nothing. Thread: one. Errors: damage is left in the image.
#pragma once

#include "host/loader/image.hpp"
#include "host/loader/object_file.hpp"

namespace host::loader {

// Exports, imports, the entry and the embedded manifest. A section name has eight bytes in a PE
// file: some linkers cut ".bp_manifest" to ".bp_mani", others move it to the string table and write
// "/123"; both are understood. Check image.intact() before believing the answer.
[[nodiscard]] ObjectFacts read_pe(Image& image);

}  // namespace host::loader
