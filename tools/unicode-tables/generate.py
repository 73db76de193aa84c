#!/usr/bin/env python3
"""Writes the Unicode tables of the tokenizers from the Unicode character database.

    python3 tools/unicode-tables/generate.py [FOLDER OF THE DATABASE, /usr/share/unicode by default]

It writes src/Ml.Llm.Core/Tokenizers/Unicode/unicode.bin (embedded in the assembly, read by UnicodeData.cs) and
UnicodeScript.cs beside it. The database is Debian's package unicode-data, of version 17.0.0 or later: what is older lacks
characters, and is refused.

The libraries behind the peer are of several ages, as its answers for single characters show:
  - its patterns and grapheme clusters are of Unicode 16.0: what came later is unassigned, and the few properties that 17.0
    changed are set back below.
  - its lower case, and what Digits calls a number, are those of 17.0.
  - it normalizes, and StripAccents tells marks, by Unicode 9.0. A decomposition never changes once it is published, so the
    data of 9.0 are those of the characters that 9.0 had; the three marks whose category changed since are listed below.
  - what it calls punctuation, and BertNormalizer controls and marks without width, are those of Unicode 8.0, with the
    characters whose category changed since.
  - it tells scripts by Unicode 9.0: characters that came later have none.

The file, all numbers LEB128 (7 bits a byte, lowest first, the high bit says that more follow; signed ones zigzag):
  version         length, then ASCII
  properties      two-stage table; see PROPERTY BITS
  parts           two-stage table; see PART BITS
  scripts         two-stage table of the members of UnicodeScript
  lower, fold     two-stage tables of signed differences: full lower case but U+0130, simple case folding
  decompositions  two-stage table of entries (0: none), then the count of entries, each with its full canonical and full
                  compatibility decomposition (length, code points); Hangul syllables are left out
  compositions    count, then (first, second, composed) sorted by first and second; first as the difference from the last
A two-stage table is: the distinct values; the distinct blocks of 128 code points, as runs (value, length) that may go
across blocks; then for each block of the code space which one it is, as runs too.

PROPERTY BITS of a code point, lowest first: 5 general category (as System.Globalization.UnicodeCategory), 8 canonical
combining class, 4 grapheme cluster break, then one each: White_Space, Alphabetic, Uppercase, Lowercase, word, Ideographic,
Emoji, changed or moved by NFC, by NFD, by NFKC, by NFKD, in Unicode 9.0.

PART BITS, what parts ask that go by another version: punctuation and non-spacing mark and control (8.0), mark (9.0), number
(17.0).
"""

import os
import sys

CODE_POINTS = 0x110000
NEWEST = (16, 0)
VERSION = "16.0.0"
NEWEST_OF_ALL = (17, 0)
UNASSIGNED = (99, 0)
BLOCK = 128
NORMALIZATION_AGE = (9, 0)
BERT_AGE = (8, 0)
SCRIPT_AGE = (9, 0)
PUNCTUATION_THEN = {0x166D, 0x111C9}  # since then So and Mn
MARKS_THEN = {0x1CF2, 0x1CF3}  # since then Lo
NO_MARKS_THEN = {0x111C9}  # Po then
NON_SPACING_THEN = {0x1734, 0x1171E}  # since then Mc
NO_NON_SPACING_THEN = {0x1885, 0x1886, 0xA9BD, 0x111C9}  # Lo, Lo, Mc and Po then
CATEGORY_THEN = {0x295: "Ll"}  # in 16.0; since then Lo
BREAK_THEN = {0x11A3A: "Prepend"}  # in 16.0; since then Other
# Extended_Pictographic of 13.0 to 16.0; 17.0 took out what will be no emoji.
PICTOGRAPHIC = """
A9 AE 203C 2049 2122 2139 2194..2199 21A9..21AA 231A..231B 2328 2388 23CF 23E9..23F3 23F8..23FA 24C2 25AA..25AB 25B6 25C0
25FB..25FE 2600..2605 2607..2612 2614..2685 2690..2705 2708..2712 2714 2716 271D 2721 2728 2733..2734 2744 2747 274C 274E
2753..2755 2757 2763..2767 2795..2797 27A1 27B0 27BF 2934..2935 2B05..2B07 2B1B..2B1C 2B50 2B55 3030 303D 3297 3299
1F000..1F0FF 1F10D..1F10F 1F12F 1F16C..1F171 1F17E..1F17F 1F18E 1F191..1F19A 1F1AD..1F1E5 1F201..1F20F 1F21A 1F22F
1F232..1F23A 1F23C..1F23F 1F249..1F3FA 1F400..1F53D 1F546..1F64F 1F680..1F6FF 1F774..1F77F 1F7D5..1F7FF 1F80C..1F80F
1F848..1F84F 1F85A..1F85F 1F888..1F88F 1F8AE..1F8FF 1F90C..1F93A 1F93C..1F945 1F947..1FAFF 1FC00..1FFFD""".split()

# In the order of System.Globalization.UnicodeCategory.
CATEGORIES = "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Zs Zl Zp Cc Cf Cs Co Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Cn".split()

# In the order of GraphemeBreak in GraphemeClusters.cs; Extended_Pictographic takes a place of its own, as none of them has
# another value of Grapheme_Cluster_Break.
BREAKS = ["Other", "CR", "LF", "Control", "Extend", "ZWJ", "Regional_Indicator", "Prepend", "SpacingMark", "L", "V", "T",
          "LV", "LVT", "Extended_Pictographic"]


def rows(path):
    """The fields of each line that says something; `@missing` lines are comments and say what we take as default."""
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            line = line.split("#")[0].strip()
            if line and not line.startswith("@"):
                yield [field.strip() for field in line.split(";")]


def span(field):
    ends = field.split("..")
    return range(int(ends[0], 16), int(ends[-1], 16) + 1)


class Database:
    def __init__(self, folder):
        self.folder = folder
        self.age = [UNASSIGNED] * CODE_POINTS
        self.age = [tuple(map(int, value.split("."))) for value in self.values("DerivedAge.txt", "99.0")]
        if max(age for age in self.age if age < UNASSIGNED) < NEWEST_OF_ALL:
            sys.exit(f"{folder}: the database is older than Unicode {NEWEST_OF_ALL[0]}.0")
        self.category = self.values("extracted/DerivedGeneralCategory.txt", "Cn", CATEGORY_THEN)
        self.combining = [int(value) for value in self.values("extracted/DerivedCombiningClass.txt", "0")]
        self.breaks = self.values("auxiliary/GraphemeBreakProperty.txt", "Other", BREAK_THEN)
        self.script = self.values("Scripts.txt", "Unknown")
        self.unicode_data = {int(row[0], 16): row for row in rows(self.at("UnicodeData.txt"))}

    def at(self, name):
        return os.path.join(self.folder, name)

    def values(self, name, default, then=None, newest=NEWEST):
        table = [default] * CODE_POINTS
        for row in rows(self.at(name)):
            for code_point in span(row[0]):
                if not self.is_too_new(code_point, newest):
                    table[code_point] = row[1]
        for code_point, value in (then or {}).items():
            table[code_point] = value
        return table

    def members(self, name, property_name):
        return {code_point for row in rows(self.at(name)) if row[1] == property_name for code_point in span(row[0])
                if not self.is_too_new(code_point)}

    def is_too_new(self, code_point, newest=NEWEST):
        return newest < self.age[code_point] < UNASSIGNED

    def had(self, code_point, age):
        return self.age[code_point] <= age


class Normalization:
    """Decompositions, combining classes and compositions of the characters that NORMALIZATION_AGE had."""

    def __init__(self, database):
        self.combining = [value if database.had(code_point, NORMALIZATION_AGE) else 0
                          for code_point, value in enumerate(database.combining)]
        self.canonical, self.compatible = {}, {}
        for code_point, row in database.unicode_data.items():
            if not row[5] or not database.had(code_point, NORMALIZATION_AGE):
                continue
            target = tuple(int(value, 16) for value in row[5].split(">")[-1].split())
            self.compatible[code_point] = target
            if not row[5].startswith("<"):
                self.canonical[code_point] = target
        excluded = {code_point for row in rows(database.at("CompositionExclusions.txt")) for code_point in span(row[0])}
        self.compositions = {
            target: code_point for code_point, target in self.canonical.items()
            if len(target) == 2 and code_point not in excluded
            and self.combining[code_point] == 0 and self.combining[target[0]] == 0}
        self.seconds = {second for _, second in self.compositions} | set(range(0x1161, 0x1176)) | set(range(0x11A8, 0x11C3))

    def full(self, code_point, table):
        if code_point not in table:
            return [code_point]
        return self.ordered([value for part in table[code_point] for value in self.full(part, table)])

    def ordered(self, code_points):
        result = []
        for code_point in code_points:
            place = len(result)
            if self.combining[code_point]:
                while place and self.combining[result[place - 1]] > self.combining[code_point]:
                    place -= 1
            result.insert(place, code_point)
        return result

    def composed(self, code_points):
        result, starter, last = [], None, 0
        for code_point in code_points:
            combining = self.combining[code_point]
            adjacent = starter is not None and (last < combining or (last == 0 and len(result) - 1 == starter))
            composite = self.compositions.get((result[starter], code_point)) if adjacent else None
            if composite is not None:
                result[starter] = composite
                continue
            if combining == 0:
                starter = len(result)
            last = combining
            result.append(code_point)
        return result

    def unstable(self, code_point):
        """The bits of the forms NFC, NFD, NFKC, NFKD that may change or move a code point."""
        if self.combining[code_point]:
            return 15
        hangul = 0xAC00 <= code_point <= 0xD7A3
        canonical, compatible = self.full(code_point, self.canonical), self.full(code_point, self.compatible)
        second = code_point in self.seconds
        nfc = second or self.composed(canonical) != [code_point]
        nfkc = second or self.composed(compatible) != [code_point]
        nfd = hangul or canonical != [code_point]
        nfkd = hangul or compatible != [code_point]
        return nfc | nfd << 1 | nfkc << 2 | nfkd << 3


class Output:
    def __init__(self):
        self.bytes = bytearray()

    def number(self, value):
        while value >= 0x80:
            self.bytes.append(value & 0x7F | 0x80)
            value >>= 7
        self.bytes.append(value)

    def signed(self, value):
        self.number(value << 1 if value >= 0 else (-value << 1) - 1)

    def runs(self, values):
        start = 0
        for place in range(1, len(values) + 1):
            if place == len(values) or values[place] != values[start]:
                self.number(values[start])
                self.number(place - start)
                start = place

    def table(self, values, signed=False):
        distinct = sorted(set(values))
        self.number(len(distinct))
        for value in distinct:
            self.signed(value) if signed else self.number(value)
        index = {value: place for place, value in enumerate(distinct)}
        blocks, places = {}, []
        for start in range(0, CODE_POINTS, BLOCK):
            block = tuple(index[value] for value in values[start:start + BLOCK])
            places.append(blocks.setdefault(block, len(blocks)))
        self.number(len(blocks))
        self.runs([value for block in blocks for value in block])
        self.runs(places)


def properties_of(database, normalization):
    core, properties = "DerivedCoreProperties.txt", "PropList.txt"
    alphabetic = database.members(core, "Alphabetic")
    flags = [
        database.members(properties, "White_Space"), alphabetic,
        database.members(core, "Uppercase"),
        database.members(core, "Lowercase") | {code_point for code_point, value in CATEGORY_THEN.items() if value == "Ll"}]
    pictographic = {code_point for field in PICTOGRAPHIC for code_point in span(field)}
    ideographic = database.members(properties, "Ideographic")
    emoji = database.members("emoji/emoji-data.txt", "Emoji")
    table = []
    for code_point in range(CODE_POINTS):
        category = database.category[code_point]
        word = code_point in alphabetic or category[0] == "M" or category in ("Nd", "Pc")
        grapheme = "Extended_Pictographic" if code_point in pictographic else database.breaks[code_point]
        value = CATEGORIES.index(category) | normalization.combining[code_point] << 5 | BREAKS.index(grapheme) << 13
        for place, members in enumerate(flags):
            value |= (code_point in members) << 17 + place
        value |= word << 21 | (code_point in ideographic) << 22 | (code_point in emoji) << 23
        value |= normalization.unstable(code_point) << 24 | database.had(code_point, SCRIPT_AGE) << 28
        table.append(value)
    return table


def parts_of(database):
    newest = database.values("extracted/DerivedGeneralCategory.txt", "Cn", newest=NEWEST_OF_ALL)
    table = []
    for code_point in range(CODE_POINTS):
        category = database.category[code_point]
        had = database.had(code_point, BERT_AGE)
        punctuation = category[0] == "P" and had or code_point in PUNCTUATION_THEN
        non_spacing = category == "Mn" and had and code_point not in NO_NON_SPACING_THEN or code_point in NON_SPACING_THEN
        control = category in ("Cc", "Cf", "Co") and had
        mark = (category[0] == "M" and database.had(code_point, NORMALIZATION_AGE) and code_point not in NO_MARKS_THEN
                or code_point in MARKS_THEN)
        number = newest[code_point][0] == "N"
        table.append(punctuation | non_spacing << 1 | control << 2 | mark << 3 | number << 4)
    return table


def lower_of(database):
    table = [0] * CODE_POINTS
    for code_point, row in database.unicode_data.items():
        if row[13] and not database.is_too_new(code_point, NEWEST_OF_ALL):
            table[code_point] = int(row[13], 16) - code_point
    return table


def fold_of(database):
    table = [0] * CODE_POINTS
    for row in rows(database.at("CaseFolding.txt")):
        if row[1] in "CS" and not database.is_too_new(int(row[0], 16)):
            table[int(row[0], 16)] = int(row[2], 16) - int(row[0], 16)
    return table


def scripts_of(database):
    """The names of the scripts that a code point has, Unknown first, each with its short names."""
    names, present = {}, set(database.script)
    for row in rows(database.at("PropertyValueAliases.txt")):
        if row[0] == "sc" and row[2] in present:
            names[row[2]] = [row[1], *row[3:]]
    return {"Unknown": names.pop("Unknown"), **dict(sorted(names.items()))}


def write_scripts(path, version, scripts):
    members = [name.replace("_", "") for name in scripts]
    aliases = [f"{alias} {name.replace('_', '')}" for name, short in scripts.items() for alias in short]
    lines = [
        f"// Generated by tools/unicode-tables/generate.py from Unicode {version}: do not edit.",
        "namespace Ml.Llm.Tokenization;", "",
        f"/// <summary>The scripts of Unicode {version}.</summary>",
        "internal enum UnicodeScript : byte", "{"]
    lines += wrapped([f"{name}," for name in members], 4)
    lines += ["}", "", "/// <summary>The short names of the scripts.</summary>", "internal static class UnicodeScriptAliases", "{",
              "    /// <summary>Pairs of a short name and a script, all separated by spaces.</summary>",
              '    public const string All = """']
    lines += wrapped(aliases, 8)
    lines += ['        """;', "}", ""]
    with open(path, "w", encoding="utf-8") as output:
        output.write("\n".join(lines))


def wrapped(words, indent):
    lines, line = [], " " * indent
    for word in words:
        if len(line) + len(word) > 120:
            lines.append(line.rstrip())
            line = " " * indent
        line += word + " "
    return [*lines, line.rstrip()]


def main():
    database = Database(sys.argv[1] if len(sys.argv) > 1 else "/usr/share/unicode")
    normalization = Normalization(database)
    scripts = scripts_of(database)
    places = {name: place for place, name in enumerate(scripts)}

    output = Output()
    output.number(len(VERSION))
    output.bytes += VERSION.encode("ascii")
    output.table(properties_of(database, normalization))
    output.table(parts_of(database))
    output.table([places[name] for name in database.script])
    output.table(lower_of(database), signed=True)
    output.table(fold_of(database), signed=True)

    entries = sorted(normalization.compatible)
    index = [0] * CODE_POINTS
    for place, code_point in enumerate(entries):
        index[code_point] = place + 1
    output.table(index)
    output.number(len(entries))
    for code_point in entries:
        canonical = normalization.full(code_point, normalization.canonical)
        for parts in ([] if canonical == [code_point] else canonical, normalization.full(code_point, normalization.compatible)):
            output.number(len(parts))
            for part in parts:
                output.number(part)

    output.number(len(normalization.compositions))
    last = 0
    for (first, second), composed in sorted(normalization.compositions.items()):
        output.number(first - last)
        output.number(second)
        output.number(composed)
        last = first

    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../src/Ml.Llm.Core/Tokenizers/Unicode")
    with open(os.path.join(folder, "unicode.bin"), "wb") as file:
        file.write(output.bytes)
    write_scripts(os.path.join(folder, "UnicodeScript.cs"), VERSION, scripts)
    print(f"Unicode {VERSION}: {len(output.bytes)} bytes")


if __name__ == "__main__":
    main()
