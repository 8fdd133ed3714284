/* fuzz/fuzz_wave.c: any text is read as the arguments of a function, or refused with a place; what is read prints, and
 * reads back as the same. The first byte chooses the function. */
#include "fuzz/wave.h"

enum { PARAMS = 16 };

static const char types[] =
    "(component (type $point' (record (field \"x\" s32) (field \"y\" (option f64)) (field \"if\" bool)))"
    "(import \"point\" (type $point (eq $point')))"
    "(type $shape' (variant (case \"none\") (case \"dot\" $point) (case \"line\" (list $point)) (case \"a1-b2\" char)))"
    "(import \"shape\" (type $shape (eq $shape')))"
    "(type $hue' (enum \"red\" \"green\" \"true\" \"inf\")) (import \"hue\" (type $hue (eq $hue')))"
    "(type $bits' (flags \"a\" \"b\" \"some\" \"c-d\")) (import \"bits\" (type $bits (eq $bits')))"
    "(type $rest' (record (field \"o\" (option string)) (field \"p\" (option (option u8)))))"
    "(import \"rest\" (type $rest (eq $rest')))"
    "(import \"f0\" (func (param \"a\" u8) (param \"b\" s8) (param \"c\" u16) (param \"d\" s16) (param \"e\" u64) "
    "(param \"f\" s64)))"
    "(import \"f1\" (func (param \"a\" f32) (param \"b\" f64) (param \"c\" char) (param \"d\" bool)))"
    "(import \"f2\" (func (param \"a\" string) (param \"b\" (list string)) (param \"c\" (option string))))"
    "(import \"f3\" (func (param \"a\" $point) (param \"b\" (list $shape))))"
    "(import \"f4\" (func (param \"a\" $hue) (param \"b\" $bits) (param \"c\" (result $bits (error $hue)))))"
    "(import \"f5\" (func (param \"a\" (result)) (param \"b\" (result u32)) (param \"c\" (result (error string)))))"
    "(import \"f6\" (func (param \"a\" (tuple u8 (list (tuple string $rest))))))"
    "(import \"f7\" (func (param \"a\" (list (list u8))) (param \"b\" (option (option (option s32)))) (param \"c\" "
    "(option u8)))))";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static cwrun_engine *engine;
    static cwrun_component *component;
    static const cwrun_functype *functions[8];
    cwrun_error err = CWRUN_ERROR_INIT;
    cwrun_arena *arena = cwrun_arena_new(NULL);
    cwrun_val args[PARAMS];
    if (!component) {
        const cwrun_str binary = cwrun_text_encode(cwrun_str_of(types), "types", arena, &err);
        engine = fuzz_engine();
        component = cwrun_component_load(engine, binary.data, binary.size, NULL, &err);
        if (!component)
            fuzz_finding(err.message);
        for (uint32_t i = 0, n = 0; i < cwrun_component_n_imports(component); i++)
            if (cwrun_component_import(component, i)->kind == CWRUN_ITEM_FUNC)
                functions[n++] = cwrun_component_import(component, i)->func;
    }
    if (size > 0) {
        const cwrun_functype *type = functions[data[0] % 8];
        const cwrun_str text = { (const char *)data + 1, size - 1 };
        cwrun_str name;
        size_t paren;
        if (cwrun_call_split(text, &name, &paren) && (paren >= text.size || text.data[paren] != '('))
            fuzz_finding("a call without a parenthesis");
        if (!cwrun_args_parse(type, text, 0, arena, args, &err)) {
            if (!cwrun_failed(&err) || !err.message[0])
                fuzz_finding("refused without words");
        } else
            for (uint32_t i = 0; i < cwrun_functype_n_params(type); i++)
                fuzz_wave_round_trip(cwrun_functype_param(type, i), &args[i]);
    }
    cwrun_error_clear(&err);
    cwrun_arena_drop(arena);
    return 0;
}

FUZZ_MAIN
