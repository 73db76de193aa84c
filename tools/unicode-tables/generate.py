#!/usr/bin/env python3
"""Writes the Unicode tables of the tokenizers from the Unicode character database.

    apt-get install unicode-data
    python3 tools/unicode-tables/generate.py [FOLDER OF THE DATABASE, /usr/share/unicode by default]

It writes src/Ml.Llm.Core/Tokenizers/Unicode/unicode.bin (embedded in the assembly, read by UnicodeData.cs) and
UnicodeScript.cs beside it. The tables in the tree are of Unicode 15.0.0, Debian 12's version.

What the golden cases of the tokenizers show about versions: no text of theirs holds a character that came after 15.0, but
[[:alpha:]] takes combining Latin letters that became Alphabetic in 16.0; those are added below. The libraries behind the
peer are of several ages, and three of them older than this database:
  - it normalizes, and strips marks, by Unicode 9.0. A decomposition never changes once it is published, so the data of 9.0
    are those of the characters that 9.0 had; the three marks whose category changed since are listed below.
  - what it calls punctuation is that of Unicode 8.0, with the two characters whose category changed since.
  - it tells scripts by Unicode 9.0: characters that came later have none.
Its patterns, lower case and grapheme clusters are of Unicode 16.0: the 5,812 characters that came after 15.0 are unassigned
here. Run the script on a newer database to have them.

The file, all numbers LEB128 (7 bits a byte, lowest first, the high bit says that more follow; signed ones zigzag):
  version         length, then ASCII
  properties      two-stage table; see PROPERTY BITS
  scripts         two-stage table of the members of UnicodeScript
  lower, fold     two-stage tables of signed differences: full lower case but U+0130, simple case folding
  decompositions  two-stage table of entries (0: none), then the count of entries, each with its full canonical and full
                  compatibility decomposition (length, code points); Hangul syllables are left out
  compositions    count, then (first, second, composed) sorted by first and second; first as the difference from the last
A two-stage table is: the distinct values; the distinct blocks of 128 code points, as runs (value, length) that may go
across blocks; then for each block of the code space which one it is, as runs too.

PROPERTY BITS of a code point, lowest first: 5 general category (as System.Globalization.UnicodeCategory), 8 canonical
combining class, 4 grapheme cluster break, then one each: White_Space, Alphabetic, Uppercase, Lowercase, word, punctuation,
mark, Ideographic, Emoji, changed or moved by NFC, by NFD, by NFKC, by NFKD, in Unicode 9.0.
"""

import os
import sys

CODE_POINTS = 0x110000
BLOCK = 128
NORMALIZATION_AGE = (9, 0)
PUNCTUATION_AGE = (8, 0)
SCRIPT_AGE = (9, 0)
PUNCTUATION_THEN = {0x166D, 0x111C9}  # since then So and Mn
MARKS_THEN = {0x1CF2, 0x1CF3}  # since then Lo
NO_MARKS_THEN = {0x111C9}  # Po then
ALPHABETIC_SINCE = {*range(0x363, 0x370), *range(0x1DD3, 0x1DE7)}  # combining Latin letters, from 16.0 on

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
        with open(self.at("DerivedAge.txt"), encoding="utf-8") as lines:
            self.version = lines.readline().strip().removeprefix("# DerivedAge-").removesuffix(".txt")
        self.category = self.values("extracted/DerivedGeneralCategory.txt", "Cn")
        self.combining = [int(value) for value in self.values("extracted/DerivedCombiningClass.txt", "0")]
        self.breaks = self.values("auxiliary/GraphemeBreakProperty.txt", "Other")
        self.script = self.values("Scripts.txt", "Unknown")
        self.age = [tuple(map(int, value.split("."))) for value in self.values("DerivedAge.txt", "99.0")]
        self.unicode_data = {int(row[0], 16): row for row in rows(self.at("UnicodeData.txt"))}

    def at(self, name):
        return os.path.join(self.folder, name)

    def values(self, name, default):
        table = [default] * CODE_POINTS
        for row in rows(self.at(name)):
            for code_point in span(row[0]):
                table[code_point] = row[1]
        return table

    def members(self, name, property_name):
        return {code_point for row in rows(self.at(name)) if row[1] == property_name for code_point in span(row[0])}

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
    alphabetic = database.members(core, "Alphabetic") | ALPHABETIC_SINCE
    flags = [
        database.members(properties, "White_Space"), alphabetic,
        database.members(core, "Uppercase"), database.members(core, "Lowercase")]
    pictographic = database.members("emoji/emoji-data.txt", "Extended_Pictographic")
    ideographic = database.members(properties, "Ideographic")
    emoji = database.members("emoji/emoji-data.txt", "Emoji")
    table = []
    for code_point in range(CODE_POINTS):
        category = database.category[code_point]
        word = code_point in alphabetic or category[0] == "M" or category in ("Nd", "Pc")
        punctuation = (category[0] == "P" and database.had(code_point, PUNCTUATION_AGE)) or code_point in PUNCTUATION_THEN
        mark = (category[0] == "M" and database.had(code_point, NORMALIZATION_AGE) and code_point not in NO_MARKS_THEN
                or code_point in MARKS_THEN)
        grapheme = "Extended_Pictographic" if code_point in pictographic else database.breaks[code_point]
        value = CATEGORIES.index(category) | normalization.combining[code_point] << 5 | BREAKS.index(grapheme) << 13
        for place, members in enumerate(flags):
            value |= (code_point in members) << 17 + place
        value |= word << 21 | punctuation << 22 | mark << 23
        value |= (code_point in ideographic) << 24 | (code_point in emoji) << 25
        value |= normalization.unstable(code_point) << 26 | database.had(code_point, SCRIPT_AGE) << 30
        table.append(value)
    return table


def lower_of(database):
    table = [0] * CODE_POINTS
    for code_point, row in database.unicode_data.items():
        if row[13]:
            table[code_point] = int(row[13], 16) - code_point
    return table


def fold_of(database):
    table = [0] * CODE_POINTS
    for row in rows(database.at("CaseFolding.txt")):
        if row[1] in "CS":
            table[int(row[0], 16)] = int(row[2], 16) - int(row[0], 16)
    return table


def scripts_of(database):
    """The names of the scripts, Unknown first, each with its short names."""
    names = {}
    for row in rows(database.at("PropertyValueAliases.txt")):
        if row[0] == "sc":
            names[row[2]] = [row[1], *row[3:]]
    names.pop("Katakana_Or_Hiragana")  # no code point has it
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
    output.number(len(database.version))
    output.bytes += database.version.encode("ascii")
    output.table(properties_of(database, normalization))
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
    write_scripts(os.path.join(folder, "UnicodeScript.cs"), database.version, scripts)
    print(f"Unicode {database.version}: {len(output.bytes)} bytes")


if __name__ == "__main__":
    main()
