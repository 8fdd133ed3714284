/* tools/check_components.c: tools/check_modules.c for components too (and modules); linked with src/component. */
#define WITH_COMPONENTS
#include "check_modules.c"
