/* exec/code.c: the records of a module's functions, and the way back from code to instructions.
 *
 * No table of places is kept: the function is translated once more, watching for the one place that is asked for. */
#include "exec/code.h"

#include "exec/interp_cold.h"
#include "exec/translate.h"

static size_t state_size(const cw_module *m)
{
    return sizeof(cw_code_state) + (size_t)(m->n_funcs - m->n_imported_funcs) * sizeof(cw_func_code);
}

bool cw_module_prepare(cw_module *m, const cw_alloc *a, cw_code_options options)
{
    if (__atomic_load_n(&m->codes, __ATOMIC_ACQUIRE))
        return true;
    cw_code_state *state = cw_new(a, state_size(m));
    if (!state)
        return false;
    *state = (cw_code_state){ .alloc = *a, .options = options };
    pthread_mutex_init(&state->lock, NULL);
    cw_func_code *codes = (cw_func_code *)(void *)(state + 1), *expected = NULL;
    for (uint32_t i = 0; i < m->n_funcs - m->n_imported_funcs; i++)
        codes[i] = (cw_func_code){
            .code = CW_STUB_IP(translate),
            .index = m->n_imported_funcs + i,
            .type = m->func_types[m->n_imported_funcs + i],
            .module = m,
        };
    if (!__atomic_compare_exchange_n(&m->codes, &expected, codes, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
        pthread_mutex_destroy(&state->lock);
        cw_free(a, state, state_size(m));
    }
    return true;
}

void cw_module_release(cw_module *m)
{
    if (!m->codes)
        return;
    cw_code_state *state = cw_code_state_of(m);
    const cw_alloc a = state->alloc;
    for (uint32_t i = 0; i < m->n_funcs - m->n_imported_funcs; i++) {
        const uint8_t *code = m->codes[i].code;
        if (code != CW_STUB_IP(translate))
            cw_free(&a, (void *)(uintptr_t)cw_code_header_of(code), cw_code_header_of(code)->size);
    }
    CW_VEC_FINI(&state->tabled, &a);
    pthread_mutex_destroy(&state->lock);
    cw_free(&a, state, state_size(m));
    m->codes = NULL;
}

/* ---- publishing ---- */

/* The first of state->tabled that begins behind `at`. */
static uint32_t tabled_behind(const cw_code_state *state, const uint8_t *at)
{
    uint32_t low = 0, high = state->tabled.n;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if ((uintptr_t)state->tabled.items[middle] > (uintptr_t)at)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* Who comes first publishes; code that others see is complete. */
static bool swap_in(cw_func_code *record, const uint8_t *code)
{
    const uint8_t *expected = CW_STUB_IP(translate);
    return __atomic_compare_exchange_n(&record->code, &expected, code, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

const uint8_t *cw_code_publish(cw_func_code *record, uint8_t *block)
{
    cw_code_state *state = cw_code_state_of(record->module);
    const uint8_t *code = block + sizeof(cw_code_header);
    const cw_code_header *header = cw_code_header_of(code);
    bool done = false, oom = false;
    if (header->handlers || header->maps) {
        /* its tables are found before it can run */
        pthread_mutex_lock(&state->lock);
        oom = !CW_VEC_RESERVE(&state->tabled, &state->alloc, 1);
        if (!oom && (done = swap_in(record, code))) {
            const uint32_t at = tabled_behind(state, code);
            const uint8_t **items = state->tabled.items;
            memmove(items + at + 1, items + at, (state->tabled.n - at) * sizeof *items);
            items[at] = code;
            state->tabled.n++;
        }
        pthread_mutex_unlock(&state->lock);
    } else {
        done = swap_in(record, code);
    }
    if (!done)
        cw_free(&state->alloc, block, header->size);
    return oom ? NULL : __atomic_load_n(&record->code, __ATOMIC_ACQUIRE);
}

/* The code among them that ip is in or behind a call of; NULL where there is none. */
static const uint8_t *find_tabled(cw_module *m, const uint8_t *ip)
{
    cw_code_state *state = cw_code_state_of(m);
    const uint8_t *code = NULL;
    pthread_mutex_lock(&state->lock);
    const uint32_t behind = tabled_behind(state, ip);
    if (behind > 0)
        code = state->tabled.items[behind - 1];
    pthread_mutex_unlock(&state->lock);
    if (!code)
        return NULL;
    const cw_code_header *header = cw_code_header_of(code);
    return (uintptr_t)ip - (uintptr_t)code <= (header->handlers ? header->handlers : header->maps) ? code : NULL;
}

const uint8_t *cw_code_trying(cw_module *m, const uint8_t *ip)
{
    const uint8_t *code = find_tabled(m, ip);
    return code && cw_code_header_of(code)->handlers ? code : NULL;
}

bool cw_code_locate(cw_module *m, const uint8_t *ip, bool is_return, uint64_t *budget, uint32_t *func, uint64_t *offset)
{
    if (!m || !m->codes || *budget == 0)
        return false;
    for (uint32_t i = 0; i < m->n_funcs - m->n_imported_funcs; i++) {
        const uint8_t *code = __atomic_load_n(&m->codes[i].code, __ATOMIC_ACQUIRE);
        const uint32_t size = cw_code_header_of(code)->size;
        const uintptr_t at = (uintptr_t)ip - (uintptr_t)code;
        if (size == 0 || at > size - sizeof(cw_code_header) || (at == size - sizeof(cw_code_header) && !is_return))
            continue;
        *budget -= size < *budget ? size : *budget;
        const cw_code_state *state = cw_code_state_of(m);
        cw_translate_find find = { .offset = at, .is_return = is_return };
        uint8_t *again = cw_translate(m, m->codes[i].index, &state->alloc, state->options, &find, NULL);
        if (again)
            cw_free(&state->alloc, again, cw_code_header_of(again + sizeof(cw_code_header))->size);
        if (!find.at)
            return false;
        *func = m->codes[i].index;
        *offset = (uint64_t)(find.at - m->file_start);
        return true;
    }
    return false;
}

const cw_code_maps *cw_code_maps_find(cw_module *m, const uint8_t *ip, uint32_t *node)
{
    const uint8_t *code = find_tabled(m, ip);
    *node = 0;
    if (!code || !cw_code_header_of(code)->maps)
        return NULL;
    const uint32_t at = (uint32_t)(ip - code);
    const cw_code_maps *maps = (const cw_code_maps *)(const void *)(code + cw_code_header_of(code)->maps);
    const cw_code_point *points = cw_code_map_points(maps);
    uint32_t low = 0, high = maps->n_points;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (points[middle].end < at)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < maps->n_points && points[low].end == at)
        *node = points[low].node;
    return maps;
}
