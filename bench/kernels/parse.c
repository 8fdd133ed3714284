/* Recursion over several functions: expressions parsed from text into a tree in memory, evaluated, and printed again.
 * */
#include "kernel.h"

struct expr {
    char op; /* '#' is a number */
    int32_t number;
    struct expr *left, *right;
};

static struct expr pool[512];
static uint32_t used;
static const char *at;
static char printed[2048], *out;

static struct expr *sum_of(void);

static struct expr *make(char op, int32_t number, struct expr *left, struct expr *right)
{
    struct expr *e = &pool[used++];
    e->op = op;
    e->number = number;
    e->left = left;
    e->right = right;
    return e;
}

static NOINLINE struct expr *atom(void)
{
    if (*at == '(') {
        at++;
        struct expr *e = sum_of();
        at++;
        return e;
    }
    if (*at == '-') {
        at++;
        return make('~', 0, atom(), NULL);
    }
    int32_t number = 0;
    while (*at >= '0' && *at <= '9')
        number = number * 10 + (*at++ - '0');
    return make('#', number, NULL, NULL);
}

static NOINLINE struct expr *product(void)
{
    struct expr *e = atom();
    while (*at == '*' || *at == '%') {
        char op = *at++;
        e = make(op, 0, e, atom());
    }
    return e;
}

static NOINLINE struct expr *sum_of(void)
{
    struct expr *e = product();
    while (*at == '+' || *at == '-') {
        char op = *at++;
        e = make(op, 0, e, product());
    }
    return e;
}

static NOINLINE int32_t evaluate(const struct expr *e)
{
    if (e->op == '#')
        return e->number;
    int32_t a = evaluate(e->left);
    if (e->op == '~')
        return (int32_t)-(uint32_t)a;
    int32_t b = evaluate(e->right);
    switch (e->op) {
    case '+': return (int32_t)((uint32_t)a + (uint32_t)b);
    case '-': return (int32_t)((uint32_t)a - (uint32_t)b);
    case '*': return (int32_t)((uint32_t)a * (uint32_t)b);
    default: return b > 0 ? a % b : a;
    }
}

static NOINLINE void print(const struct expr *e)
{
    if (e->op == '#') {
        char digits[10];
        int n = 0;
        uint32_t x = (uint32_t)e->number;
        do
            digits[n++] = (char)('0' + x % 10);
        while (x /= 10);
        while (n)
            *out++ = digits[--n];
        return;
    }
    *out++ = '(';
    print(e->left);
    *out++ = e->op;
    if (e->right)
        print(e->right);
    *out++ = ')';
}

uint64_t kernel(uint32_t n)
{
    static char source[] =
        "1+2*(3-4*5)%97+(((12*34)-5678)%1000)*-(9-8*(7+6*5-4))+3*2*1-(0-1+22*333%4444)*(5+(6+(7+(8+9))))";
    uint64_t sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        source[4] = (char)('1' + i % 9);
        used = 0;
        at = source;
        out = printed;
        struct expr *e = sum_of();
        print(e);
        sum = mix(sum, (uint32_t)evaluate(e) + (uint32_t)(out - printed));
    }
    return sum;
}
