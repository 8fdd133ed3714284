/* base/demangle_cxx.h: the nodes that a C++ symbol is read into, and what reading and printing them share. */
#ifndef CW_BASE_DEMANGLE_CXX_H
#define CW_BASE_DEMANGLE_CXX_H

#include "base/demangle_impl.h"

enum {
    CW_CXX_NODES = 1024, /* of one symbol; those that need more are shown as they are */
    CW_CXX_DEPTH = 128,  /* of nested names, types and expressions, when read and when printed */
    CW_CXX_SUBSTITUTIONS = 256,
    CW_CXX_PARAMS = 64, /* template arguments that T_ may mean */
    CW_CXX_FORWARDS = 16
};

/* What a node is; a, b, c are other nodes (0: none), `text` what stands there in letters. */
typedef enum cw_cxx_kind {
    CW_CXX_NONE,
    CW_CXX_TEXT,
    CW_CXX_STD,         /* an abbreviation of std: text; a constructor shows b instead, and calls itself c */
    CW_CXX_NESTED,      /* a::b */
    CW_CXX_TEMPLATE,    /* a<list b> */
    CW_CXX_TAGGED,      /* a[abi:text] */
    CW_CXX_CTOR,        /* the last name of a, behind text */
    CW_CXX_CONVERSION,  /* operator a */
    CW_CXX_LAMBDA,      /* {lambda(list a)#b}: b is a number */
    CW_CXX_UNNAMED,     /* {unnamed type#b} */
    CW_CXX_ENCODING,    /* function a with return type b, parameters c */
    CW_CXX_BEFORE,      /* text a */
    CW_CXX_AFTER,       /* a, space, text */
    CW_CXX_QUALIFIED,   /* a, qualifiers */
    CW_CXX_POINTER,     /* to a: text is '*', '&' or '&&' */
    CW_CXX_MEMBER,      /* pointer to member b of class a */
    CW_CXX_FUNCTION,    /* returns a, parameters b, qualifiers, exception specification c */
    CW_CXX_ARRAY,       /* of a; dimension b */
    CW_CXX_VECTOR,      /* of a; dimension b */
    CW_CXX_ARGUMENTS,   /* list a as a whole */
    CW_CXX_PACK,        /* list a, of which an expansion shows one after the other */
    CW_CXX_EXPANSION,   /* of a */
    CW_CXX_FORWARD,     /* to a, which comes later in the symbol */
    CW_CXX_LIST,        /* a, list b */
    CW_CXX_LITERAL,     /* (a)b */
    CW_CXX_FLOAT,       /* its bits in hexadecimal digits: text */
    CW_CXX_PREFIX,      /* text a */
    CW_CXX_POSTFIX,     /* a text */
    CW_CXX_BINARY,      /* a text b */
    CW_CXX_MEMBER_OF,   /* the same without spaces */
    CW_CXX_CONDITIONAL, /* a ? b : c */
    CW_CXX_CALL,        /* a(list b) */
    CW_CXX_WRAPPED,     /* text(a) */
    CW_CXX_CAST,        /* text<a>(b) */
    CW_CXX_CONVERT,     /* (a)(list b) */
    CW_CXX_BRACED,      /* a{list b} */
    CW_CXX_SUBSCRIPT    /* a[b] */
} cw_cxx_kind;

enum {
    CW_CXX_CONST = 1,
    CW_CXX_VOLATILE = 2,
    CW_CXX_RESTRICT = 4,
    CW_CXX_LVALUE = 8, /* member functions: & */
    CW_CXX_RVALUE = 16 /* && */
};

typedef uint16_t cw_cxx_ref;

typedef struct cw_cxx_node {
    const char *text;
    uint16_t size; /* of text */
    cw_cxx_ref a, b, c;
    uint8_t kind, qualifiers;
} cw_cxx_node;

typedef struct cw_cxx {
    cw_demangler *d;
    cw_cxx_node nodes[CW_CXX_NODES];
    cw_cxx_ref substitutions[CW_CXX_SUBSTITUTIONS], params[CW_CXX_PARAMS], forwards[CW_CXX_FORWARDS];
    uint32_t forward_to[CW_CXX_FORWARDS]; /* the number of the template argument */
    uint32_t n_nodes, n_substitutions, n_params, n_forwards;
    unsigned n_lambdas;     /* whose parameters are being read */
    bool may_forward;       /* T_ may mean an argument that follows: the type of a conversion operator */
    bool without_arguments; /* what follows a template parameter is not its arguments: the same */
    /* printing: the element that packs show, of how many; UINT32_MAX: no expansion around, or no pack found yet */
    uint32_t pack_index, pack_size;
} cw_cxx;

/* Prints a node and what it leads to. */
void cw_cxx_print(cw_cxx *x, cw_cxx_ref ref);

/* What is known of the name of a function while it is read. */
typedef struct cw_cxx_function {
    uint8_t qualifiers;
    bool has_no_return; /* constructors, destructors, conversions */
    bool has_arguments; /* ends with template arguments: then the return type is mangled */
} cw_cxx_function;

/* Readers: each reads what its name says and makes its node. */
cw_cxx_ref cw_cxx_type(cw_cxx *x);
cw_cxx_ref cw_cxx_encoding(cw_cxx *x);
cw_cxx_ref cw_cxx_template_arguments(cw_cxx *x, bool of_encoding);
cw_cxx_ref cw_cxx_template_parameter(cw_cxx *x);
cw_cxx_ref cw_cxx_source_name(cw_cxx *x);
cw_cxx_ref cw_cxx_substitution(cw_cxx *x);
cw_cxx_ref cw_cxx_expression(cw_cxx *x);
/* f: of the function that is named so; NULL where none is. */
cw_cxx_ref cw_cxx_operator_name(cw_cxx *x, cw_cxx_function *f);

/* ---- nodes ---- */

static inline cw_cxx_ref fail(cw_cxx *x)
{
    x->d->ok = false;
    return 0;
}

static inline cw_cxx_ref make(cw_cxx *x, cw_cxx_node node)
{
    if (!x->d->ok || x->n_nodes == CW_CXX_NODES)
        return fail(x);
    x->nodes[x->n_nodes] = node;
    return (cw_cxx_ref)x->n_nodes++;
}

static inline cw_cxx_ref make_text(cw_cxx *x, cw_cxx_kind kind, const char *text, size_t size, cw_cxx_ref a)
{
    return make(x, (cw_cxx_node){ .kind = (uint8_t)kind, .text = text, .size = (uint16_t)size, .a = a });
}

static inline cw_cxx_ref make_word(cw_cxx *x, cw_cxx_kind kind, const char *text, cw_cxx_ref a)
{
    return make_text(x, kind, text, strlen(text), a);
}

static inline cw_cxx_ref make_pair(cw_cxx *x, cw_cxx_kind kind, cw_cxx_ref a, cw_cxx_ref b)
{
    return make(x, (cw_cxx_node){ .kind = (uint8_t)kind, .a = a, .b = b });
}

static inline cw_cxx_ref add_substitution(cw_cxx *x, cw_cxx_ref ref)
{
    if (x->n_substitutions == CW_CXX_SUBSTITUTIONS || !ref)
        return fail(x);
    x->substitutions[x->n_substitutions++] = ref;
    return ref;
}

/* A list under construction. */
typedef struct cw_cxx_list {
    cw_cxx_ref first, last;
} cw_cxx_list;

static inline void append(cw_cxx *x, cw_cxx_list *l, cw_cxx_ref item)
{
    const cw_cxx_ref cell = make_pair(x, CW_CXX_LIST, item, 0);
    if (l->first)
        x->nodes[l->last].b = cell;
    else
        l->first = cell;
    l->last = cell;
}

static inline bool enter(cw_cxx *x)
{
    if (x->d->depth == CW_CXX_DEPTH)
        x->d->ok = false;
    x->d->depth += x->d->ok;
    return x->d->ok;
}

static inline void leave(cw_cxx *x)
{
    x->d->depth--;
}

/* ---- reading ---- */

static inline char peek_behind(const cw_cxx *x)
{
    const cw_demangler *d = x->d;
    return d->ok && d->text.size - d->at > 1 ? d->text.data[d->at + 1] : '\0';
}

static inline bool eat_word(cw_cxx *x, const char *word)
{
    if (!x->d->ok || !cw_str_starts(cw_str_sub(x->d->text, x->d->at, x->d->text.size), cwrun_str_of(word)))
        return false;
    x->d->at += strlen(word);
    return true;
}

static inline void expect(cw_cxx *x, char c)
{
    if (!eat(x->d, c))
        x->d->ok = false;
}

static inline cwrun_str digits(cw_cxx *x)
{
    const size_t from = x->d->at;
    while (is_digit(peek(x->d)))
        take(x->d);
    return cw_str_sub(x->d->text, from, x->d->at);
}

#endif
