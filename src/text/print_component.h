/* text/print_component.h: what the files that print components share; private to text/. */
#ifndef CW_TEXT_PRINT_COMPONENT_H
#define CW_TEXT_PRINT_COMPONENT_H

#include "text/component.h"
#include "text/print.h"

/* A component, or a type with index spaces of its own. */
typedef struct cw_print_scope {
    struct cw_print_scope *parent;
    uint8_t kind; /* cw_text_scope_kind */
    uint32_t n[CW_TEXT_SORTS];
    cw_print_ids ids[CW_TEXT_SORTS];
    cw_print_module core; /* core types: ids and names */
    cwrun_str name;       /* its own; data NULL: none */
    uint32_t n_named, n_used, n_name_sections;
    bool names_regular, names_ordered; /* ordered: as parsing writes them */
    uint8_t n_name_parts;
    uint8_t name_parts[CW_TEXT_NAME_PARTS]; /* sorts */
    cw_print_part names[CW_TEXT_SORTS];     /* where the first names of a sort stand */
    const uint8_t *end;
    uint8_t last; /* the section before this one, where entries would go on in it; else CW_PART_NONE */
} cw_print_scope;

/* ---- print_component.c ---- */

/* A component that the reader covers exactly: the silent pass, then its fields. */
void cw_print_component_scan(cw_printer *p, cw_print_scope *s);
void cw_print_component_fields(cw_printer *p);
void cw_print_scope_push(cw_printer *p, cw_print_scope *s, uint8_t kind);
void cw_print_scope_pop(cw_printer *p);
/* " $id (;3;)" of one more thing of a sort. */
void cw_print_define(cw_printer *p, uint8_t sort);
/* The id or number of a thing of the current scope. */
void cw_print_thing(cw_printer *p, uint8_t sort, uint32_t index);
/* "(core func 3)" */
void cw_print_item(cw_printer *p, uint8_t sort, uint32_t index);
const char *cw_print_sort_words(uint8_t sort);
/* Reads a sort, of any kind or core; CW_TEXT_SORTS after a failure. */
uint8_t cw_print_read_sort(cw_printer *p);
void cw_print_alias(cw_printer *p);

/* ---- print_component_types.c ---- */

void cw_print_component_valtype(cw_printer *p);
void cw_print_results(cw_printer *p);
void cw_print_component_type(cw_printer *p);
void cw_print_core_type(cw_printer *p);
/* "(value $id (;3;) u8 1)" */
void cw_print_value(cw_printer *p);
/* A name with its attributes. */
void cw_print_extern_name(cw_printer *p);
/* The type of an import or export; define: of something new. */
void cw_print_extern_type(cw_printer *p, bool define);
void cw_print_import(cw_printer *p);

/* ---- print_canon.c ---- */

void cw_print_canon(cw_printer *p);

#endif
