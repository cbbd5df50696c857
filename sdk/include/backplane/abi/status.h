/* backplane/abi/status.h - what every function of the law answers. */
#ifndef BACKPLANE_ABI_STATUS_H
#define BACKPLANE_ABI_STATUS_H

#include "version.h"

/** 0 or positive: success. Negative: one of the codes below, or a plugin's own code (<=
    BP_E_PLUGIN_FIRST). The numbers are fixed for good; unknown negative numbers are failures. */
typedef int32_t bp_status;

enum {

#define BP_STATUS(name, number, exit_code, http_status, sentence) BP_##name = (number),
#include "status.def"
#undef BP_STATUS
  BP_E_PLUGIN_FIRST = -0x10000 /**< a plugin's own codes start here and go down */
};

#endif
