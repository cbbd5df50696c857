// host/loader/elf_file.hpp - the facts of an ELF library (64-bit, little-endian; x86-64 and
// aarch64).
//
// Owns: nothing. Thread: one. Errors: damage is left in the image.
#pragma once

#include "host/loader/image.hpp"
#include "host/loader/object_file.hpp"

namespace host::loader {

// Reads what the system's own loader would use (segments, dynamic section), and by section headers
// only the embedded manifest. Check image.intact() before believing the answer.
[[nodiscard]] ObjectFacts read_elf(Image& image);

}  // namespace host::loader
