/* examples/reflect.c: what a component exports, found out at run time: prints every function with its types, makes
 * arguments of those types, and calls it.   reflect FILE.wasm */
#include <cwrun.h>
#include <stdlib.h>

enum { MAX_PARAMS = 32 };

/* Fills the next place of a value under construction: numbers count up, texts say what they are, lists get two
 * elements. */
static bool invent(cwrun_builder *b, const cwrun_type *type, uint32_t *n)
{
    cwrun_val v;
    switch (cwrun_type_kind(type)) {
    case CWRUN_KIND_LIST:
    case CWRUN_KIND_MAP:
        return cwrun_builder_begin(b, 2) && invent(b, cwrun_type_elem(type), n) &&
               invent(b, cwrun_type_elem(type), n) && cwrun_builder_end(b);
    case CWRUN_KIND_RECORD:
    case CWRUN_KIND_TUPLE:
        if (!cwrun_builder_begin(b, 0))
            return false;
        for (uint32_t i = 0; i < cwrun_type_n_fields(type); i++)
            if (!invent(b, cwrun_type_field(type, i), n))
                return false;
        return cwrun_builder_end(b);
    case CWRUN_KIND_VARIANT:
    case CWRUN_KIND_ENUM:
    case CWRUN_KIND_OPTION:
    case CWRUN_KIND_RESULT: {
        uint32_t which = *n % cwrun_type_n_fields(type);
        const cwrun_type *payload = cwrun_type_field(type, which);
        return cwrun_builder_case(b, which) && (!payload || invent(b, payload, n));
    }
    case CWRUN_KIND_FLAGS: return cwrun_builder_flags(b, 1);
    case CWRUN_KIND_STRING: v = cwrun_string(cwrun_str_of("text")); break;
    case CWRUN_KIND_CHAR: v = cwrun_char('a' + (*n)++ % 26); break;
    case CWRUN_KIND_BOOL: v = cwrun_bool((*n)++ % 2); break;
    case CWRUN_KIND_F32: v = cwrun_f32((float)(*n)++ + 0.5f); break;
    case CWRUN_KIND_F64: v = cwrun_f64((*n)++ + 0.25); break;
    case CWRUN_KIND_OWN:
    case CWRUN_KIND_BORROW: return false; /* handles come from constructors only */
    default:                              /* the integers: their bits are the low ones of a 64-bit number */
        v = cwrun_u64(++*n);
        v.kind = cwrun_type_kind(type);
    }
    return cwrun_builder_val(b, &v);
}

static void print_fields(const cwrun_type *type, const char *what)
{
    for (uint32_t i = 0; i < cwrun_type_n_fields(type); i++) {
        cwrun_str name = cwrun_type_field_name(type, i);
        const cwrun_type *field = cwrun_type_field(type, i);
        printf("        %s %.*s%s", what, (int)name.size, name.data, field ? ": " : "");
        cwrun_type_print(field, false, cwrun_to_file, stdout);
        printf("\n");
    }
}

static void print_type(const char *role, const cwrun_type *type)
{
    printf("    %s ", role);
    cwrun_type_print(type, false, cwrun_to_file, stdout);
    printf(" (%s of %zu bytes)\n", cwrun_kind_name(cwrun_type_kind(type)), cwrun_type_size(type));
    if (cwrun_type_kind(type) == CWRUN_KIND_RECORD)
        print_fields(type, "field");
    else if (cwrun_type_kind(type) == CWRUN_KIND_VARIANT)
        print_fields(type, "case");
}

static void call(cwrun_instance *inst, const char *interface, const cwrun_item *item)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    cwrun_arena *arena = cwrun_arena_new(NULL);
    cwrun_val args[MAX_PARAMS], result;
    char name[512];
    uint32_t n = 0, n_params = cwrun_functype_n_params(item->func);
    snprintf(name, sizeof name, "%s%s%.*s", interface, *interface ? "#" : "", (int)item->name.size, item->name.data);
    printf("%s: ", name);
    cwrun_functype_print(item->func, cwrun_to_file, stdout);
    printf("\n");
    for (uint32_t i = 0; i < n_params; i++)
        print_type("takes", cwrun_functype_param(item->func, i));
    if (cwrun_functype_result(item->func))
        print_type("gives", cwrun_functype_result(item->func));

    cwrun_func *func = cwrun_instance_func(inst, name, &err);
    bool ok = func && n_params <= MAX_PARAMS;
    for (uint32_t i = 0; ok && i < n_params; i++) {
        cwrun_builder *b = cwrun_builder_new(arena, cwrun_func_param(func, i), &err);
        ok = b && invent(b, cwrun_func_param(func, i), &n);
        if (ok)
            args[i] = cwrun_builder_finish(b);
    }
    if (ok && cwrun_func_call(func, args, n_params, &result, arena, &err)) {
        printf("    (");
        for (uint32_t i = 0; i < n_params; i++) {
            printf(i ? ", " : "");
            cwrun_val_print(&args[i], cwrun_to_file, stdout);
        }
        printf(") -> ");
        if (result.kind)
            cwrun_val_print(&result, cwrun_to_file, stdout);
        else
            printf("()");
        printf("\n");
    }
    if (cwrun_failed(&err))
        printf("    fails: %s\n", err.message);
    cwrun_error_clear(&err);
    cwrun_arena_drop(arena);
}

int main(int argc, char **argv)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    cwrun_engine *engine = cwrun_engine_new(NULL, &err);
    cwrun_component *component = cwrun_component_open(engine, argc > 1 ? argv[1] : "records.wasm", &err);
    cwrun_store *store = cwrun_store_new(engine, NULL, &err);
    cwrun_instance *inst = cwrun_instantiate(store, component, NULL, &err);
    for (uint32_t i = 0; inst && i < cwrun_component_n_exports(component); i++) {
        const cwrun_item *item = cwrun_component_export(component, i);
        char interface[512];
        snprintf(interface, sizeof interface, "%.*s", (int)item->name.size, item->name.data);
        if (item->kind == CWRUN_ITEM_FUNC)
            call(inst, "", item);
        for (uint32_t j = 0; item->kind == CWRUN_ITEM_INSTANCE && j < item->n_items; j++)
            if (item->items[j].kind == CWRUN_ITEM_FUNC)
                call(inst, interface, &item->items[j]);
    }
    int status = cwrun_failed(&err);
    cwrun_error_report(&err, stderr);
    cwrun_store_drop(store);
    cwrun_component_drop(component);
    cwrun_engine_drop(engine);
    return status;
}
