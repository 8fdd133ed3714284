/* fuzz/replay.h: what every fuzz target shares. A target defines LLVMFuzzerTestOneInput; with -DFUZZING it is linked
 * with libFuzzer, else it gets a main that replays files and folders of files, the corpus among them. A finding is an
 * abort. */
#ifndef FUZZ_REPLAY_H
#define FUZZ_REPLAY_H

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cwrun.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An engine that knows every feature, burns fuel, and can be made and dropped without a thought. */
static inline cwrun_engine *fuzz_engine(void)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    cwrun_config config = CWRUN_CONFIG_INIT;
    config.fuel = true;
    config.features_on = cwrun_feature("all");
    cwrun_engine *engine = cwrun_engine_new(&config, &err);
    if (!engine)
        abort();
    return engine;
}

static inline void fuzz_finding(const char *what)
{
    fprintf(stderr, "finding: %s\n", what);
    abort();
}

#ifndef FUZZING
typedef void fuzz_replay_fn(const char *path, const uint8_t *data, size_t size);

/* The number of files below path that `each` was called with; -1 where one cannot be read. */
static inline long fuzz_replay(const char *path, fuzz_replay_fn *each)
{
    DIR *folder = opendir(path);
    if (folder) {
        long n = 0;
        for (struct dirent *entry; n >= 0 && (entry = readdir(folder));) {
            char inner[4096];
            if (entry->d_name[0] == '.')
                continue;
            snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
            const long more = fuzz_replay(inner, each);
            n = more < 0 ? -1 : n + more;
        }
        closedir(folder);
        return n;
    }
    FILE *in = fopen(path, "rb");
    if (!in || fseek(in, 0, SEEK_END) != 0) {
        fprintf(stderr, "%s: cannot be read\n", path);
        if (in)
            fclose(in);
        return -1;
    }
    const size_t size = (size_t)ftell(in);
    uint8_t *data = malloc(size ? size : 1);
    rewind(in);
    if (!data || fread(data, 1, size, in) != size)
        abort();
    fclose(in);
    each(path, data, size);
    free(data);
    return 1;
}

static inline int fuzz_main(int n, char **paths, fuzz_replay_fn *each)
{
    long files = 0;
    for (int i = 0; i < n; i++) {
        const long more = fuzz_replay(paths[i], each);
        if (more < 0)
            return 1;
        files += more;
    }
    fprintf(stderr, "%ld inputs\n", files);
    return 0;
}
#endif

/* The main of a target without options of its own. */
#ifdef FUZZING
#define FUZZ_MAIN
#else
#define FUZZ_MAIN \
    static void replay_one(const char *path, const uint8_t *data, size_t size) \
    { \
        (void)path; \
        LLVMFuzzerTestOneInput(data, size); \
    } \
    int main(int argc, char **argv) \
    { \
        return fuzz_main(argc - 1, argv + 1, replay_one); \
    }
#endif

#endif
