/* wasm_h/vec.c: the vectors of wasm.h. */
#include "wasm_h/handle.h"

/* Vectors of plain elements: COPY(to, from) and DELETE(element) work on pointers to them. */
#define VEC(name, T, COPY, DELETE) \
    void wasm_##name##_vec_new_empty(wasm_##name##_vec_t *out) \
    { \
        out->size = 0; \
        out->data = NULL; \
    } \
    void wasm_##name##_vec_new_uninitialized(wasm_##name##_vec_t *out, size_t size) \
    { \
        out->data = size ? calloc(size, sizeof *out->data) : NULL; \
        out->size = out->data ? size : 0; \
    } \
    void wasm_##name##_vec_new(wasm_##name##_vec_t *out, size_t size, T const data[]) \
    { \
        wasm_##name##_vec_new_uninitialized(out, size); \
        if (out->size) \
            memcpy(out->data, data, size * sizeof *out->data); \
        for (size_t i = 0; i < size && !out->size; i++) { /* out of memory: they are taken all the same */ \
            T taken = data[i]; \
            DELETE(&taken); \
        } \
    } \
    void wasm_##name##_vec_copy(wasm_##name##_vec_t *out, const wasm_##name##_vec_t *from) \
    { \
        wasm_##name##_vec_new_uninitialized(out, from->size); \
        for (size_t i = 0; i < out->size; i++) \
            COPY(&out->data[i], &from->data[i]); \
    } \
    void wasm_##name##_vec_delete(wasm_##name##_vec_t *v) \
    { \
        for (size_t i = 0; v->data && i < v->size; i++) \
            DELETE(&v->data[i]); \
        free(v->data); \
        v->data = NULL; \
        v->size = 0; \
    }

#define NO_DELETE(at) ((void)(at))
#define ASSIGN(to, from) (*(to) = *(from))
VEC(byte, wasm_byte_t, ASSIGN, NO_DELETE)
VEC(val, wasm_val_t, wasm_val_copy, wasm_val_delete)

/* Vectors of pointers. */
#define POINTERS(name) \
    static void copy_##name(wasm_##name##_t **to, wasm_##name##_t *const *from) \
    { \
        *to = *from ? wasm_##name##_copy(*from) : NULL; \
    } \
    static void delete_##name(wasm_##name##_t **at) \
    { \
        if (*at) \
            wasm_##name##_delete(*at); \
    } \
    VEC(name, wasm_##name##_t *, copy_##name, delete_##name)
POINTERS(valtype)
POINTERS(functype)
POINTERS(globaltype)
POINTERS(tabletype)
POINTERS(memorytype)
POINTERS(externtype)
POINTERS(importtype)
POINTERS(exporttype)
POINTERS(frame)
POINTERS(extern)
