/* cwrun.h: the whole public interface. */
#ifndef CWRUN_H
#define CWRUN_H

#include "cwrun/base.h"
#include "cwrun/component.h"
#include "cwrun/core.h"
#include "cwrun/engine.h"
#include "cwrun/text.h"
#include "cwrun/type.h"
#include "cwrun/value.h"
#include "cwrun/wasi.h"

#endif
