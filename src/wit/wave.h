/* wit/wave.h: WAVE, the text of component values  [wasm-tools: crates/wasm-wave]. */
#ifndef CW_WIT_WAVE_H
#define CW_WIT_WAVE_H

#include "cwrun/value.h"

/* Whether a label must be written %label, because it is a keyword of WAVE. */
bool cw_wave_is_keyword(cwrun_str label);

#endif
