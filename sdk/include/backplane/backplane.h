/* backplane/backplane.h - the whole law in one include, for plugin authors. */
#ifndef BACKPLANE_BACKPLANE_H
#define BACKPLANE_BACKPLANE_H

#include "abi/channel.h"
#include "abi/core.h"
#include "abi/plugin.h"
#include "abi/service.h"
#include "ext/json.h"
#include "ext/metric.h"
#include "ext/registry.h"
#include "ext/state.h"
#include "ext/trace.h"

#endif
