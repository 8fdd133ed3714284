/* tests/api/test_linker.c: what a host defines beyond functions of an interface: nested instances, core modules,
 * further names of a resource; copies of a linker; and linkers that outlive the store of what they give. */
#include <sys/mman.h>

#include "api/fixture.h"

static cwrun_linker *linker;

static int set_up_linker(void **state)
{
    set_up(state);
    linker = cwrun_linker_new(engine, &err);
    return linker ? 0 : -1;
}

/* What is freed is never used again, and who looks at it all the same is caught. */
static void *allocate_strictly(void *user, void *ptr, size_t old_size, size_t new_size)
{
    (void)user;
    void *fresh = NULL;
    if (new_size) {
        fresh = mmap(NULL, new_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        assert_true(fresh != MAP_FAILED);
        if (ptr)
            memcpy(fresh, ptr, old_size < new_size ? old_size : new_size);
    }
    if (ptr)
        mprotect(ptr, old_size, PROT_NONE);
    return fresh;
}

static int set_up_strictly(void **state)
{
    (void)state;
    cwrun_config config = CWRUN_CONFIG_INIT;
    config.alloc.fn = allocate_strictly;
    engine = cwrun_engine_new(&config, &err);
    store = cwrun_store_new(engine, NULL, &err);
    linker = cwrun_linker_new(engine, &err);
    return linker ? 0 : -1;
}

static int tear_down_linker(void **state)
{
    cwrun_linker_drop(linker);
    return tear_down(state);
}

static uint32_t call(cwrun_instance *in, const char *name)
{
    cwrun_val result;
    if (!in || !cwrun_call(in, name, NULL, 0, &result, NULL, &err))
        fail_msg("%s", err.message);
    return result.of.u32;
}

static cwrun_status give(cwrun_caller *caller, const cwrun_val *args, size_t n, cwrun_val *result, void *user)
{
    (void)caller, (void)args, (void)n;
    *result = cwrun_u32(*(const uint32_t *)user);
    return CWRUN_DONE;
}

static uint32_t one = 1, two = 2, three = 3;

static void nested_instances_are_named_by_their_path(void **state)
{
    (void)state;
    cwrun_linker_func(linker, "a:b/c@1.2.0#d", "f", NULL, give, &one, NULL, &err);
    cwrun_linker_func(linker, "a:b/c@1.2.0#d#e", "f", "func() -> u32", give, &two, NULL, &err);
    cwrun_linker_func(linker, "a:b/c@1.2.0", "f", NULL, give, &three, NULL, &err);
    cwrun_instance *in = component_instance(
        "(component (import \"a:b/c@1.0.0\" (instance $c (export \"f\" (func (result u32))) (export \"d\" (instance"
        " (export \"f\" (func (result u32))) (export \"e\" (instance (export \"f\" (func (result u32)))))))))"
        " (export \"one\" (func $c \"d\" \"f\")) (export \"two\" (func $c \"d\" \"e\" \"f\")) (export \"three\" (func "
        "$c \"f\")))",
        linker);
    assert_int_equal(call(in, "one"), 1);
    assert_int_equal(call(in, "two"), 2);
    assert_int_equal(call(in, "three"), 3);
    assert_null(component_instance(
        "(component (import \"a:b/c@1.0.0\" (instance (export \"x\" (instance (export \"f\" (func)))))))", linker));
    failed_with(CWRUN_ERROR_LINK, "`a:b/c@1.0.0#x`: an interface that nothing gives");
}

static cwrun_module *module(const char *text)
{
    cwrun_arena *arena = cwrun_arena_new(NULL);
    cwrun_str binary = cwrun_text_encode(cwrun_str_of(text), NULL, arena, &err);
    cwrun_module *m = cwrun_module_load(engine, binary.data, binary.size, "m", &err);
    cwrun_arena_drop(arena);
    assert_non_null(m);
    return m;
}

static void core_modules_are_given_to_components_and_checked(void **state)
{
    (void)state;
    cwrun_module *m = module("(module (func (export \"f\") (result i32) (i32.const 42)))");
    assert_true(cwrun_linker_module(linker, NULL, "m", m, &err));
    assert_true(cwrun_linker_module(linker, "host", "m", m, &err));
    cwrun_module_drop(m); /* the linker keeps it */
    cwrun_instance *in = component_instance(
        "(component (import \"m\" (core module $m (export \"f\" (func (result i32)))))"
        " (core instance $i (instantiate $m)) (func (export \"f\") (result u32) (canon lift (core func $i \"f\"))))",
        linker);
    assert_int_equal(call(in, "f"), 42);
    assert_null(component_instance("(component (import \"m\" (core module (export \"f\" (func)))))", linker));
    failed_with(CWRUN_ERROR_LINK, "`m`: ");
    assert_null(component_instance(
        "(component (import \"host\" (instance (export \"m\" (core module (export \"g\" (func)))))))", linker));
    failed_with(CWRUN_ERROR_LINK, "`host`: ");
    assert_null(component_instance("(component (import \"n\" (core module)))", linker));
    failed_with(CWRUN_ERROR_LINK, "`n`: a core module that nothing gives");
    assert_false(cwrun_linker_module(linker, NULL, "m", NULL, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "NULL");
}

static void count(void *object, void *user)
{
    (void)object;
    ++*(int *)user;
}

static cwrun_status make(cwrun_caller *caller, const cwrun_val *args, size_t n, cwrun_val *result, void *user)
{
    (void)args, (void)n;
    *result = cwrun_own(cwrun_resource_new(caller, "x", user, &one));
    return CWRUN_DONE;
}

#define USER \
    "(component (import \"x\" (instance $x (export \"r\" (type $r (sub resource))) (export \"make\" (func (result " \
    "(own $r))))))" \
    " (alias export $x \"r\" (type $r)) (import \"y\" (instance $y (export \"again\" (type (eq $r)))))" \
    " (core func $make (canon lower (func $x \"make\"))) (core func $drop (canon resource.drop $r))" \
    " (core module $m (import \"\" \"make\" (func $make (result i32))) (import \"\" \"drop\" (func $drop (param " \
    "i32)))" \
    "  (func (export \"f\") (call $drop (call $make))) (func (export \"g\") (result i32) (call $make)))" \
    " (core instance $i (instantiate $m (with \"\" (instance (export \"make\" (func $make)) (export \"drop\" (func " \
    "$drop))))))" \
    " (func (export \"f\") (canon lift (core func $i \"f\"))) (func (export \"g\") (result (own $r)) (canon lift " \
    "(core func $i \"g\"))))"

static void a_resource_has_further_names(void **state)
{
    (void)state;
    int drops = 0;
    assert_false(cwrun_linker_resource_alias(linker, "y", "again", "x", "r", &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "no resource `x#r` is defined");
    cwrun_linker_resource(linker, "x", "r", count, &drops, NULL, &err);
    cwrun_linker_func(linker, "x", "make", NULL, make, "r", NULL, &err);
    cwrun_linker *other = cwrun_linker_copy(linker, &err);
    assert_true(cwrun_linker_resource_alias(linker, "y", "again", "x", "r", &err));
    cwrun_instance *in = component_instance(USER, linker);
    assert_non_null(in);
    assert_true(cwrun_call(in, "f", NULL, 0, NULL, NULL, &err));
    assert_int_equal(drops, 1);
    /* under the further name alone it is the same type; another resource of that name is not */
    static const char second[] = "(component (import \"y\" (instance $y (export \"again\" (type $a (sub resource)))))"
                                 " (alias export $y \"again\" (type $a)) (import \"first\" (instance $f (export \"g\" "
                                 "(func (result (own $a))))))"
                                 " (export \"g\" (func $f \"g\")))";
    cwrun_linker *with_first = cwrun_linker_copy(linker, &err);
    cwrun_linker_instance(with_first, "first", in, &err);
    assert_non_null(component_instance(second, with_first));
    cwrun_linker_drop(with_first);
    cwrun_linker_resource(other, "y", "again", NULL, NULL, NULL, &err);
    cwrun_linker_instance(other, "first", in, &err);
    assert_null(component_instance(second, other));
    failed_with(CWRUN_ERROR_LINK, "resource types are not the same");
    cwrun_linker_drop(other);
}

static void a_copy_shares_definitions_and_goes_its_own_way(void **state)
{
    (void)state;
    static const char text[] = "(component (import \"f\" (func $f (result u32))) (export \"g\" (func $f)))";
    int drops = 0;
    cwrun_linker_resource(linker, "x", "r", count, &drops, NULL, &err);
    cwrun_linker_func(linker, "x", "make", NULL, make, "r", NULL, &err);
    cwrun_linker_func(linker, NULL, "f", NULL, give, &one, NULL, &err);
    cwrun_linker_resource_alias(linker, "y", "again", "x", "r", &err);
    assert_int_equal(call(component_instance(text, linker), "g"), 1);
    assert_false(cwrun_linker_func(linker, NULL, "f", NULL, give, &two, NULL, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "does not change any more");

    cwrun_linker *copy = cwrun_linker_copy(linker, &err);
    assert_true(cwrun_linker_func(copy, NULL, "f", NULL, give, &two, NULL, &err));
    assert_int_equal(call(component_instance(text, copy), "g"), 2);
    assert_int_equal(call(component_instance(text, linker), "g"), 1);

    /* what one component exports fits another that was linked with a copy */
    cwrun_instance *first = component_instance(USER, linker);
    assert_non_null(first);
    cwrun_linker *third = cwrun_linker_copy(linker, &err);
    cwrun_linker_drop(linker); /* a copy keeps what it is made of */
    linker = NULL;
    assert_true(cwrun_linker_instance(third, "first", first, &err));
    cwrun_instance *second = component_instance(
        "(component (import \"x\" (instance $x (export \"r\" (type $r (sub resource)))))"
        " (alias export $x \"r\" (type $r)) (import \"first\" (instance $f (export \"g\" (func (result (own $r))))))"
        " (export \"g\" (func $f \"g\")))",
        third);
    if (!second)
        fail_msg("%s", err.message);
    cwrun_val result;
    assert_true(cwrun_call(second, "g", NULL, 0, &result, NULL, &err));
    assert_ptr_equal(cwrun_handle_object(store, result.of.handle), &one);
    assert_true(cwrun_handle_drop(store, result.of.handle, &err));
    assert_int_equal(drops, 1);
    cwrun_linker_drop(third);
    cwrun_linker_drop(copy);
    assert_null(cwrun_linker_copy(NULL, &err));
}

static void gone(void *user)
{
    ++*(int *)user;
}

static void what_is_shared_is_dropped_once_and_last(void **state)
{
    (void)state;
    int n = 0, m = 0;
    cwrun_linker_func(linker, NULL, "f", NULL, give, &n, gone, &err);
    cwrun_linker *copy = cwrun_linker_copy(linker, &err), *of_copy = cwrun_linker_copy(copy, &err);
    cwrun_linker_func(copy, NULL, "f", NULL, give, &m, gone, &err);
    cwrun_linker_drop(linker);
    linker = NULL;
    cwrun_linker_drop(copy);
    assert_int_equal(n, 0);
    assert_int_equal(m, 0);
    cwrun_linker_drop(of_copy);
    assert_int_equal(n, 1);
    assert_int_equal(m, 1);
}

/* ---- stores that are gone ---- */

#define GIVER \
    "(component (core module $m (func (export \"f\") (result i32) (i32.const 7))) (core instance $i (instantiate $m))" \
    " (func (export \"f\") (result u32) (canon lift (core func $i \"f\"))))"

static void a_new_store(void)
{
    cwrun_store_drop(store);
    store = cwrun_store_new(engine, NULL, &err);
    assert_non_null(store);
}

static void what_lives_in_a_store_that_is_gone_is_missing(void **state)
{
    (void)state;
    static const char user[] = "(component (import \"f\" (func $f (result u32))) (export \"f\" (func $f)))";
    cwrun_core_limits limits = { .min = 1 };
    cwrun_extern memory = { .kind = CWRUN_ITEM_CORE_MEMORY, .of.memory = cwrun_memory_new(store, &limits, &err) };
    cwrun_module *m = module("(module (func (export \"f\")) (global (export \"g\") i32 (i32.const 1)))");
    cwrun_module *imports[] = { module("(module (import \"a\" \"m\" (memory 1)))"),
                                module("(module (import \"b\" \"f\" (func)))"),
                                module("(module (import \"c\" \"g\" (global i32)))"),
                                module("(module (import \"c\" \"f\" (func)))") };
    cwrun_core_instance *core = cwrun_module_instantiate(store, m, NULL, &err);
    cwrun_extern global = { .kind = CWRUN_ITEM_CORE_GLOBAL, .of.global = cwrun_core_instance_global(core, "g", &err) };
    cwrun_extern func = { .kind = CWRUN_ITEM_CORE_FUNC, .of.func = cwrun_core_instance_func(core, "f", &err) };
    assert_true(cwrun_linker_instance(linker, "f", component_instance(GIVER, NULL), &err));
    assert_true(cwrun_linker_core_extern(linker, "a", "m", &memory, &err));
    assert_true(cwrun_linker_core_instance(linker, "b", core, &err));
    assert_true(cwrun_linker_core_extern(linker, "c", "g", &global, &err));
    assert_true(cwrun_linker_core_extern(linker, "c", "f", &func, &err));
    for (int round = 0; round < 3; round++) {
        assert_int_equal(component_instance(user, linker) != NULL, round == 0);
        if (round)
            failed_with(CWRUN_ERROR_LINK, "`f`: func() -> u32");
        for (int i = 0; i < 4; i++) {
            assert_int_equal(cwrun_module_instantiate(store, imports[i], linker, &err) != NULL, round == 0);
            if (round)
                failed_with(CWRUN_ERROR_LINK, "unknown import");
        }
        a_new_store();
    }
    cwrun_module_drop(m);
    for (int i = 0; i < 4; i++)
        cwrun_module_drop(imports[i]);
}

static void what_lives_under_another_engine_is_refused(void **state)
{
    (void)state;
    cwrun_engine *other = cwrun_engine_new(NULL, &err);
    cwrun_linker *l = cwrun_linker_new(other, &err);
    cwrun_core_limits limits = { .min = 1 };
    cwrun_extern memory = { .kind = CWRUN_ITEM_CORE_MEMORY, .of.memory = cwrun_memory_new(store, &limits, &err) };
    assert_false(cwrun_linker_core_extern(l, "a", "m", &memory, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "not of one engine");
    assert_false(cwrun_linker_instance(l, "f", component_instance(GIVER, NULL), &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "not of one engine");
    cwrun_module *m = module("(module)");
    assert_false(cwrun_linker_core_instance(l, "b", cwrun_module_instantiate(store, m, NULL, &err), &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "not of one engine");
    cwrun_module_drop(m);
    cwrun_linker_drop(l);
    cwrun_engine_drop(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nested_instances_are_named_by_their_path, set_up_linker, tear_down_linker),
        cmocka_unit_test_setup_teardown(core_modules_are_given_to_components_and_checked, set_up_linker,
                                        tear_down_linker),
        cmocka_unit_test_setup_teardown(a_resource_has_further_names, set_up_linker, tear_down_linker),
        cmocka_unit_test_setup_teardown(a_copy_shares_definitions_and_goes_its_own_way, set_up_linker,
                                        tear_down_linker),
        cmocka_unit_test_setup_teardown(what_is_shared_is_dropped_once_and_last, set_up_linker, tear_down_linker),
        cmocka_unit_test_setup_teardown(what_lives_in_a_store_that_is_gone_is_missing, set_up_strictly,
                                        tear_down_linker),
        cmocka_unit_test_setup_teardown(what_lives_under_another_engine_is_refused, set_up_linker, tear_down_linker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
