#!/usr/bin/env python3
"""Prints src/base/unprintable.def: ranges of scalars that WAVE and dumps show as \\u{…}: controls, formats, unassigned, private, separators
other than the space, and marks that extend the character before them. Made from Python's Unicode tables."""
import sys
import unicodedata

HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Mn", "Me"}
# Grapheme_Extend beyond Mn and Me (Unicode: Other_Grapheme_Extend)
OTHER = {0x09BE, 0x09D7, 0x0B3E, 0x0B57, 0x0BBE, 0x0BD7, 0x0CC2, 0x0CD5, 0x0CD6, 0x0D3E, 0x0D57, 0x0DCF, 0x0DDF, 0x1B35, 0x302E, 0x302F, 0xFF9E, 0xFF9F,
         0x1133E, 0x11357, 0x114B0, 0x114BD, 0x115AF, 0x11930, 0x1D165, 0x1D16E, 0x1D16F, 0x1D170, 0x1D171, 0x1D172}


def hidden(c):
    cat = unicodedata.category(chr(c))
    return cat in HIDDEN or c in OTHER or (cat == "Zs" and c != 0x20)


def main():
    print(f"/* base/unprintable.def: made by tools/unprintable.py from Unicode {unicodedata.unidata_version}: first and last scalar of each range. */")
    start, row = None, []
    for c in range(0x110001):
        h = c < 0x110000 and hidden(c)
        if h and start is None:
            start = c
        elif not h and start is not None:
            row.append(f"R(0x{start:x}, 0x{c - 1:x})")
            start = None
    for i in range(0, len(row), 6):
        print(" ".join(row[i:i + 6]))


sys.exit(main())
