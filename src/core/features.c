/* core/features.c: names of features, one by one and in lists. */
#include "core/features.h"

#include "base/error.h"
#include "base/str.h"

static const struct {
    const char *name;
    cw_features features;
    bool is_set;   /* a name for several: those that start anew are older than "all" */
    bool is_fixed; /* cannot be switched: */
    bool is_on;
} names[] = {
#define FEATURE(id, bit, name, since) { name, CW_FEATURE_##id, false, false, false },
#define FIXED(name, on) { name, 0, false, true, on },
#include "core/features.def"
#undef FEATURE
#undef FIXED
    { "mvp", CW_FEATURES_MVP, true, false, false },     { "wasm1", CW_FEATURES_WASM1, true, false, false },
    { "wasm2", CW_FEATURES_WASM2, true, false, false }, { "wasm3", CW_FEATURES_WASM3, true, false, false },
    { "lime1", CW_FEATURES_LIME1, true, false, false }, { "all", CW_FEATURES_ALL, false, false, false },
};
enum { N_NAMES = sizeof names / sizeof *names };

static bool is_name(const char *name, cwrun_str text)
{
    static const char cm[] = "cm-", wasmtime[] = "component-model-"; /* two spellings */
    size_t skip = sizeof wasmtime - 1;
    if (!strncmp(name, cm, sizeof cm - 1) && text.size > skip && !memcmp(text.data, wasmtime, skip)) {
        name += sizeof cm - 1;
        text = (cwrun_str){ text.data + skip, text.size - skip };
    }
    return strlen(name) == text.size && !memcmp(name, text.data, text.size);
}

static int find(cwrun_str text)
{
    for (int i = 0; i < N_NAMES; i++)
        if (is_name(names[i].name, text))
            return i;
    return -1;
}

/* Those of a row, with what comes with them. */
static cw_features features_of(int i)
{
    cw_features features = names[i].features;
    return features & CW_FEATURE_BULK_MEMORY ? features | CW_FEATURE_BULK_MEMORY_OPT : features;
}

/* Those that go with a row: what a feature is part of does not stay without it. */
static cw_features features_without(int i)
{
    cw_features features = names[i].features;
    return features & CW_FEATURE_BULK_MEMORY_OPT ? features | CW_FEATURE_BULK_MEMORY : features_of(i);
}

cw_features cw_features_find(cwrun_str name)
{
    int i = find(name);
    return i < 0 ? 0 : features_of(i);
}

const char *cw_features_name(cw_features features)
{
    for (int i = 0; i < N_NAMES; i++)
        if (names[i].features == (features & -features) && !names[i].is_set)
            return names[i].name;
    return "needed";
}

static bool fail_unknown(cwrun_str text, cwrun_error *err)
{
    char known[1200];
    size_t n = 0;
    for (int i = 0; i < N_NAMES; i++)
        n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", i ? ", " : "", names[i].name);
    cw_fail(err, NULL, CWRUN_ERROR_ARGUMENT, 0, "unknown feature `%.*s`; there are: %s", (int)text.size, text.data,
            known);
    return false;
}

static bool apply(cwrun_str text, cw_features *features, cwrun_error *err)
{
    bool off = text.size && text.data[0] == '-';
    cwrun_str name = { text.data + off, text.size - off };
    int i = find(name);
    if (i < 0)
        return fail_unknown(name, err);
    if (names[i].is_fixed && names[i].is_on == off)
        cw_fail(err, NULL, CWRUN_ERROR_ARGUMENT, 0, "the feature `%s` %s", names[i].name,
                off ? "cannot be switched off" : "is not supported yet");
    else if (names[i].is_set && off)
        cw_fail(err, NULL, CWRUN_ERROR_ARGUMENT, 0, "cannot disable `%s`, it can only be enabled", names[i].name);
    else if (names[i].is_set)
        *features = features_of(i);
    else
        *features = off ? *features & ~features_without(i) : *features | features_of(i);
    return !cwrun_failed(err);
}

bool cw_features_parse(const char *list, cw_features *features, cwrun_error *err)
{
    cwrun_error local = CWRUN_ERROR_INIT;
    bool ok = !cwrun_failed(err);
    for (size_t size; ok && *list; list += size + (list[size] == ',')) {
        list += strspn(list, " ");
        size = strcspn(list, ",");
        cwrun_str text = { list, size };
        while (text.size && text.data[text.size - 1] == ' ')
            text.size--;
        ok = !text.size || apply(text, features, err ? err : &local);
    }
    cwrun_error_clear(&local);
    return ok;
}
