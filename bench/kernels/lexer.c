/* br_table dispatch: a scanner of a small language as a state machine, one switch on the state and one on the
 * character. */
#include "kernel.h"

static const char source[] =
    "let total = 0; for (i = 1; i <= 10_000; i++) { total += price[i] * 1.25e-3; /* tax */ }\n"
    "if (name == \"a \\\"quoted\\\" text\" && !done) return total << 2; // the end of the line\n"
    "fn area(w, h) { return w*h/2.0; } let x_1 = 'c'; while (x_1 >= 0x1F) { x_1 -= 3; y = [1,2,3,4]; }\n";

enum state { START, WORD, NUMBER, STRING, ESCAPE, SLASH, LINE_COMMENT, BLOCK_COMMENT, STAR, OPERATOR, CHARACTER };

static NOINLINE uint64_t scan(const char *p, const char *end, uint64_t sum)
{
    enum state state = START;
    uint32_t counts[8] = { 0 }, length = 0;
    while (p < end) {
        char c = *p++;
        switch (state) {
        case START:
            length = 1;
            switch (c) {
            case ' ':
            case '\t':
            case '\n': break;
            case '0':
            case '1':
            case '2':
            case '3':
            case '4':
            case '5':
            case '6':
            case '7':
            case '8':
            case '9': state = NUMBER; break;
            case '"': state = STRING; break;
            case '\'': state = CHARACTER; break;
            case '/': state = SLASH; break;
            case '(':
            case ')':
            case '{':
            case '}':
            case '[':
            case ']':
            case ';':
            case ',': counts[0]++; break;
            case '=':
            case '<':
            case '>':
            case '!':
            case '+':
            case '-':
            case '*':
            case '&':
            case '|': state = OPERATOR; break;
            default: state = WORD;
            }
            break;
        case WORD:
            if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_') {
                length++;
            } else {
                counts[1] += length;
                state = START;
                p--;
            }
            break;
        case NUMBER:
            if ((c >= '0' && c <= '9') || c == '.' || c == '_' || c == 'x' || c == 'e' || (c >= 'A' && c <= 'F')) {
                length++;
            } else {
                counts[2] += length;
                state = START;
                p--;
            }
            break;
        case STRING:
            length++;
            if (c == '\\') {
                state = ESCAPE;
            } else if (c == '"') {
                counts[3] += length;
                state = START;
            }
            break;
        case ESCAPE:
            length++;
            state = STRING;
            break;
        case SLASH:
            if (c == '/') {
                state = LINE_COMMENT;
            } else if (c == '*') {
                state = BLOCK_COMMENT;
            } else {
                counts[4]++;
                state = START;
                p--;
            }
            break;
        case LINE_COMMENT:
            if (c == '\n')
                state = START;
            counts[5]++;
            break;
        case BLOCK_COMMENT:
            counts[5]++;
            if (c == '*')
                state = STAR;
            break;
        case STAR: state = c == '/' ? START : c == '*' ? STAR : BLOCK_COMMENT; break;
        case OPERATOR:
            counts[6]++;
            state = START;
            if (c != '=' && c != '&' && c != '<' && c != '+')
                p--;
            break;
        case CHARACTER:
            if (c == '\'') {
                counts[7]++;
                state = START;
            }
            break;
        }
    }
    for (int i = 0; i < 8; i++)
        sum = mix(sum, counts[i]);
    return sum;
}

uint64_t kernel(uint32_t n)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum = scan(source + i % 40, source + sizeof source - 1, sum);
    return sum;
}
