/* text/wast_features.c: what a script's leading comments say: lit-style "RUN: wast … -f FEATURES" lines, as wasm-tools'
 * own scripts have them. Names without a switch here stand for what is always on. */
#include "base/str.h"
#include "core/features.h"
#include "text/wast.h"

/* "gc,-simd": names that are unknown, or cannot be switched that way, change nothing. */
static void switch_features(cw_wast *w, cwrun_str list)
{
    for (size_t at = 0, end; at < list.size; at = end + 1) {
        char name[64];
        cwrun_error err = CWRUN_ERROR_INIT;
        cw_features features = w->features;
        end = cw_str_find(list, ',', at);
        end = end == SIZE_MAX ? list.size : end;
        if (end - at >= sizeof name)
            continue;
        memcpy(name, list.data + at, end - at);
        name[end - at] = 0;
        if (strcmp(name, "-reference-types") == 0) /* what is built on them goes with them */
            features &= ~(cw_features)CW_FEATURE_FUNCTION_REFERENCES;
        if (cw_features_parse(name, &features, &err))
            w->features = features;
        cwrun_error_clear(&err);
    }
}

/* The next word behind *at; empty at the end. */
static cwrun_str next_word(cwrun_str line, size_t *at)
{
    while (*at < line.size && (line.data[*at] == ' ' || line.data[*at] == '\t' || line.data[*at] == '\r'))
        ++*at;
    size_t end = cw_str_find(line, ' ', *at);
    cwrun_str word = cw_str_sub(line, *at, end == SIZE_MAX ? line.size : end);
    *at += word.size;
    return word;
}

static void read_line(cw_wast *w, cwrun_str line)
{
    static const cwrun_str options[] = { { "-f", 2 }, { "--features", 10 } };
    size_t at = 2; /* behind ";;" */
    for (cwrun_str word; (word = next_word(line, &at)).size;) {
        if (cw_str_starts(word, CW_STR("RUN:"))) {
            w->for_validators = true;
            w->features &= ~(cw_features)(CW_FEATURE_CM64 | CW_FEATURE_CM_MORE_ASYNC_BUILTINS); /* their default */
        }
        for (size_t i = 0; i < 2 && w->for_validators; i++) {
            if (cw_str_eq(word, options[i]))
                switch_features(w, next_word(line, &at));
            else if (cw_str_starts(word, options[i]) && word.data[options[i].size] == '=')
                switch_features(w, cw_str_sub(word, options[i].size + 1, word.size));
        }
    }
}

void cw_wast_read_comments(cw_wast *w, cwrun_str script)
{
    for (size_t at = 0; cw_str_starts(cw_str_sub(script, at, script.size), CW_STR(";;"));) {
        size_t end = cw_str_find(script, '\n', at);
        end = end == SIZE_MAX ? script.size : end;
        read_line(w, cw_str_sub(script, at, end));
        at = end + (end < script.size);
    }
}
