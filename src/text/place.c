/* text/place.c: where in a text something is: lines and columns, the line itself, and a caret below. */
#include "base/error.h"
#include "base/str.h"
#include "base/utf.h"
#include "text/lexer.h"

/* How wide a terminal shows a character: blocks of East Asian wide ones and of emoji two columns, marks on the
 * character before none; control characters are spelled "\u{1b}" when an error is printed. */
static int width_of(uint32_t c)
{
    static const struct {
        uint32_t first, last;
        int width;
    } ranges[] = {
        { 0x0300, 0x036f, 0 },   { 0x1100, 0x115f, 2 },   { 0x1ab0, 0x1aff, 0 },   { 0x1dc0, 0x1dff, 0 },
        { 0x200b, 0x200f, 0 },   { 0x20d0, 0x20ff, 0 },   { 0x2e80, 0x303e, 2 },   { 0x3041, 0x33ff, 2 },
        { 0x3400, 0x4dbf, 2 },   { 0x4e00, 0xa4cf, 2 },   { 0xa960, 0xa97c, 2 },   { 0xac00, 0xd7a3, 2 },
        { 0xf900, 0xfaff, 2 },   { 0xfe00, 0xfe0f, 0 },   { 0xfe20, 0xfe2f, 0 },   { 0xfe30, 0xfe6f, 2 },
        { 0xff01, 0xff60, 2 },   { 0xffe0, 0xffe6, 2 },   { 0x16fe0, 0x18dff, 2 }, { 0x1b000, 0x1b2ff, 2 },
        { 0x1f300, 0x1f64f, 2 }, { 0x1f680, 0x1f6ff, 2 }, { 0x1f900, 0x1faff, 2 }, { 0x20000, 0x3fffd, 2 },
    };
    if (c < 0x20 || (c >= 0x7f && c < 0xa0))
        return snprintf(NULL, 0, "\\u{%x}", c);
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return ranges[i].width;
    return 1;
}

/* Goes on from a place to an offset; from the text's beginning where that lies before. */
static void move(const cw_source *s, cw_place *place, size_t offset)
{
    if (offset < place->offset || !place->line)
        *place = (cw_place){ 0, 1, 1 };
    for (; place->offset < offset && place->offset < s->size; place->offset++) {
        if (s->text[place->offset] == '\n') {
            place->line++;
            place->column = 1;
        } else if (((uint8_t)s->text[place->offset] & 0xc0) != 0x80) {
            place->column++;
        }
    }
}

void cw_source_vfail(const cw_source *s, cw_place *last, size_t offset, cwrun_error *err, const char *format,
                     va_list args)
{
    if (!err || cwrun_failed(err))
        return;
    enum { WIDTH = 160, BEFORE = 100 }; /* most of a long line that is shown */
    cw_text message;
    cw_text_init(&message, &s->alloc);
    cw_text_vprintf(&message, format, args);

    if (offset > s->size)
        offset = s->size;
    cw_place place = last ? *last : (cw_place){ 0 };
    move(s, &place, offset);
    if (last)
        *last = place;
    size_t start = offset, end = offset;
    while (start > 0 && s->text[start - 1] != '\n' && offset - start < BEFORE)
        start--;
    while (start < offset && ((uint8_t)s->text[start] & 0xc0) == 0x80)
        start++;
    while (end < s->size && s->text[end] != '\n' && s->text[end] != '\r' && end - start < WIDTH)
        end++;
    while (end > offset && end < s->size && ((uint8_t)s->text[end] & 0xc0) == 0x80)
        end--;
    cw_text caret; /* as wide as what stands before the place, tabs kept */
    cw_text_init(&caret, &s->alloc);
    for (size_t i = start; i < offset;) {
        uint32_t c = 0;
        unsigned n = cw_utf8_decode((const uint8_t *)s->text + i, offset - i, &c);
        if (c == '\t')
            cw_text_puts(&caret, "\t");
        else
            cw_text_printf(&caret, "%*s", n ? width_of(c) : 1, "");
        i += n ? n : 1;
    }

    char number[16];
    int width = snprintf(number, sizeof number, "%u", place.line);
    if (message.oom || caret.oom)
        cw_fail_oom(err);
    else
        cw_fail(err, &s->alloc, CWRUN_ERROR_INPUT, 0, "%s%s%u:%u: %s\n %s | %.*s\n %*s | %s^", s->file ? s->file : "",
                s->file ? ":" : "", place.line, place.column, message.data ? message.data : "", number,
                (int)(end - start), s->text + start, width, "", caret.data ? caret.data : "");
    cw_text_fini(&message);
    cw_text_fini(&caret);
}

void cw_source_fail(const cw_source *s, cw_place *last, size_t offset, cwrun_error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    cw_source_vfail(s, last, offset, err, format, args);
    va_end(args);
}
