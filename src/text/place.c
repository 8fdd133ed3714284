/* text/place.c: where in a text something is: lines and columns, the line itself, and a caret below. */
#include "base/error.h"
#include "base/str.h"
#include "text/lexer.h"

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
    for (size_t i = start; i < offset; i++)
        if (((uint8_t)s->text[i] & 0xc0) != 0x80)
            cw_text_puts(&caret, s->text[i] == '\t' ? "\t" : " ");

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
