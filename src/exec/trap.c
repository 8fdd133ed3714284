/* exec/trap.c: how a thread fails: recording why, keeping the backtrace, and making an error of both.
 *
 * Exits and limits leave the guest the same way as traps do; fail_kind tells them apart. The first failure wins. Frames
 * are kept without names when the thread traps, since its stack is then taken apart, and get them when the error is
 * made. */
#include "base/demangle.h"
#include "base/error.h"
#include "exec/code.h"
#include "exec/control.h"
#include "exec/exception.h"
#include "exec/thread.h"

static CWRUN_PRINTF(2, 0) void keep_message(cw_thread *t, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int size = vsnprintf(NULL, 0, format, args);
    char *message = size < 0 ? NULL : cw_new(&t->exec->alloc, (size_t)size + 1);
    if (message) {
        vsnprintf(message, (size_t)size + 1, format, again);
        t->message = message;
        t->message_size = (size_t)size + 1;
    }
    va_end(again);
}

void cw_thread_trap(cw_thread *t, uint8_t trap, const char *format, ...)
{
    if (t->trap != CW_TRAP_NONE)
        return;
    t->trap = trap;
    t->fail_kind = CWRUN_ERROR_TRAP;
    t->fail_code = trap;
    if (format) {
        va_list args;
        va_start(args, format);
        keep_message(t, format, args);
        va_end(args);
    }
}

void cw_thread_exit(cw_thread *t, int32_t status)
{
    if (t->trap != CW_TRAP_NONE)
        return;
    t->trap = CW_TRAP_HOST;
    t->fail_kind = CWRUN_ERROR_EXIT;
    t->fail_code = 0;
    t->exit_status = status;
}

void cw_thread_limit(cw_thread *t, uint8_t limit, const char *format, ...)
{
    if (t->trap != CW_TRAP_NONE)
        return;
    t->trap = CW_TRAP_LIMIT;
    t->fail_kind = CWRUN_ERROR_LIMIT;
    t->fail_code = limit;
    if (format) {
        va_list args;
        va_start(args, format);
        keep_message(t, format, args);
        va_end(args);
    }
}

void cw_thread_fail_as(cw_thread *t, cw_thread *other)
{
    if (t->trap != CW_TRAP_NONE)
        return;
    t->trap = other->trap;
    t->fail_kind = other->fail_kind;
    t->fail_code = other->fail_code;
    t->exit_status = other->exit_status;
    t->message = other->message;
    t->message_size = other->message_size;
    t->n_frames = other->n_frames;
    memcpy(t->frames, other->frames, other->n_frames * sizeof *t->frames);
    other->message = NULL;
    other->message_size = 0;
}

/* Name of a tag for people: name section, else an export's name, else "tag N". */
static cwrun_str tag_name(const cw_tag *tag, char out[24])
{
    const cw_module *m = tag->module;
    const cwrun_str name = m ? cw_module_name(m, CW_NAMES_TAG, tag->index) : (cwrun_str){ NULL, 0 };
    if (name.size)
        return name;
    for (uint32_t i = 0; m && i < m->n_exports; i++)
        if (m->exports[i].kind == CW_EXTERN_TAG && m->exports[i].index == tag->index)
            return m->exports[i].name;
    const int size = m ? snprintf(out, 24, "tag %u", tag->index) : snprintf(out, 24, "a tag of the host");
    return (cwrun_str){ out, (size_t)size };
}

/* What is behind `size` in the text. */
static CWRUN_PRINTF(3, 4) void append(char *text, size_t room, const char *format, ...)
{
    const size_t size = strlen(text);
    va_list args;
    va_start(args, format);
    vsnprintf(text + size, room - size, format, args);
    va_end(args);
}

static void append_value(char *text, size_t room, cw_valtype type, const uint64_t *slot)
{
    const uint32_t low = (uint32_t)*slot;
    float f;
    double d;
    memcpy(&f, &low, sizeof f);
    memcpy(&d, slot, sizeof d);
    switch (type) {
    case CW_I32: append(text, room, "%d", (int)low); break;
    case CW_I64: append(text, room, "%lld", (long long)*slot); break;
    case CW_F32: append(text, room, "%.9g", (double)f); break;
    case CW_F64: append(text, room, "%.17g", d); break;
    case CW_V128:
        append(text, room, "0x%016llx%016llx", (unsigned long long)slot[1], (unsigned long long)slot[0]);
        break;
    default: append(text, room, "%s", *slot ? "a reference" : "null");
    }
}

void cw_thread_uncaught(cw_thread *t, const cw_exception *e, bool is_trap)
{
    enum { MOST_VALUES = 4 };
    char text[200] = "", number[24];
    const cw_subtype *type = cw_types_get(t->exec->types, e->tag->type);
    const uint64_t *slot = cw_exception_slots((cw_exception *)(uintptr_t)e);
    for (uint32_t i = 0; i < type->n_params && i < MOST_VALUES; i++) {
        append(text, sizeof text, i ? ", " : "(");
        append_value(text, sizeof text, type->params[i], slot);
        slot += cw_valtype_slots(type->params[i]);
    }
    if (type->n_params)
        append(text, sizeof text, type->n_params > MOST_VALUES ? ", ...)" : ")");
    const cwrun_str name = tag_name(e->tag, number);
    cw_thread_trap(t, CW_TRAP_UNCAUGHT_EXCEPTION, "%s: %.*s%s",
                   is_trap ? cwrun_trap_words(CW_TRAP_UNCAUGHT_EXCEPTION) : "thrown Wasm exception",
                   (int)(name.size < 100 ? name.size : 100), name.data, text);
    if (!is_trap) {
        t->fail_kind = CWRUN_ERROR_EXCEPTION;
        t->fail_code = 0;
    }
}

void cw_trap_clear(cw_thread *t)
{
    cw_free(&t->exec->alloc, t->message, t->message_size);
    t->message = NULL;
    t->message_size = 0;
    t->trap = CW_TRAP_NONE;
    t->fail_kind = t->fail_code = 0;
    t->exit_status = 0;
    t->n_frames = 0;
}

/* Most bytes of code that one backtrace may translate again (code.c): huge functions would take long, frame after
 * frame. */
enum { LOCATE_BYTES = 16 << 20 };

void cw_trap_capture(cw_thread *t)
{
    uint64_t budget = LOCATE_BYTES;
    const uint8_t *ip = NULL; /* of the guest's frame before */
    bool is_return = false;
    cw_walk walk;
    cw_walk_frame f;
    if (t->n_frames != 0 || t->fail_kind == CWRUN_ERROR_EXIT)
        return;
    cw_walk_init(&walk, t);
    while (t->n_frames < CW_TRACE_FRAMES && cw_walk_next(&walk, &f)) {
        cw_trace_frame *frame = &t->frames[t->n_frames];
        *frame = (cw_trace_frame){ 0 };
        if (f.kind == CW_WALK_GUEST) {
            frame->module = f.in->module;
            if (ip && f.ip == ip && f.is_return == is_return) /* recursion: the frame before is the same */
                frame[0] = frame[-1];
            else if (!cw_code_locate(f.in->module, f.ip, f.is_return, &budget, &frame->func, &frame->offset))
                continue;
            t->n_frames++;
            ip = f.ip;
            is_return = f.is_return;
        } else if (f.kind == CW_WALK_NATIVE && f.func->native->name) {
            frame->native_name = f.func->native->name;
            t->n_frames++;
            ip = NULL;
        }
    }
}

/* The error of the thread without frames. */
static void describe(const cw_thread *t, cwrun_error *err)
{
    const cw_alloc *a = &t->exec->alloc;
    uint8_t kind = t->fail_kind, code = t->fail_code;
    const char *words = cwrun_trap_words(t->trap);
    if (kind == CWRUN_ERROR_NONE || kind == CWRUN_ERROR_TRAP) {
        kind = CWRUN_ERROR_LIMIT;
        switch (t->trap) {
        case CW_TRAP_INTERRUPT:
            code = CWRUN_LIMIT_TIMEOUT;
            words = CW_INTERRUPT_WORDS;
            break;
        case CW_TRAP_FUEL:
            code = CWRUN_LIMIT_FUEL;
            words = CW_FUEL_WORDS;
            break;
        case CW_TRAP_UNSUPPORTED: code = CWRUN_LIMIT_UNSUPPORTED; break;
        case CW_TRAP_LIMIT:
            code = CWRUN_LIMIT_HOST_MEMORY;
            words = "out of memory";
            break;
        default: kind = CWRUN_ERROR_TRAP; code = t->trap;
        }
    }
    if (kind == CWRUN_ERROR_EXIT) {
        cw_fail(err, a, kind, 0, "exit with status %d", (int)t->exit_status);
        err->exit_status = t->exit_status;
    } else {
        cw_fail(err, a, kind, code, "%s", t->message ? t->message : words);
    }
}

void cw_thread_error(cw_thread *t, cwrun_error *err)
{
    if (!err || cwrun_failed(err) || t->trap == CW_TRAP_NONE)
        return;
    describe(t, err);

    cwrun_frame frames[CW_TRACE_FRAMES];
    cw_arena names;
    cw_arena_init(&names, &t->exec->alloc);
    for (uint32_t i = 0; i < t->n_frames; i++) {
        const cw_trace_frame *f = &t->frames[i];
        char number[24], demangled[CW_DEMANGLE_ROOM];
        cwrun_str module = { "<unknown>", 9 }, function;
        frames[i].func_index = UINT32_MAX;
        frames[i].func_offset = 0;
        if (f->module) {
            const uint8_t *code = f->module->bodies[f->func - f->module->n_imported_funcs].code;
            frames[i].func_index = f->func;
            frames[i].func_offset = f->offset - (uint64_t)(code - f->module->file_start);
            function = cw_module_func_name(f->module, f->func, number);
            size_t size = cw_demangle(function, demangled, sizeof demangled);
            if (size != 0)
                function = (cwrun_str){ demangled, size };
            if (f->module->name.size != 0)
                module = f->module->name;
        } else {
            function = cwrun_str_of(f->native_name);
            module = (cwrun_str){ "<host>", 6 };
        }
        frames[i].offset = f->offset;
        frames[i].module = cw_arena_copy(&names, module.data, module.size).data;
        frames[i].function = cw_arena_copy(&names, function.data, function.size).data;
    }
    if (!names.oom && t->n_frames != 0)
        cw_error_frames(err, &t->exec->alloc, frames, t->n_frames);
    cw_arena_fini(&names);
}
