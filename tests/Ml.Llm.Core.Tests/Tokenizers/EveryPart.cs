using System.Runtime.InteropServices;

namespace Ml.Llm.Core.Tests.Tokenizers;

/// <summary>Small tokenizer.json files that together hold every type of part, for tests that break files.</summary>
internal static class EveryPart
{
    /// <summary>The files.</summary>
    public static IReadOnlyList<string> Files { get; } =
    [
        // Byte-level BPE with truncation, padding and all flags of added tokens.
        """
        {"version":"1.0","truncation":{"direction":"Right","max_length":24,"strategy":"LongestFirst","stride":2},
        "padding":{"strategy":{"Fixed":12},"direction":"Left","pad_to_multiple_of":8,"pad_id":0,"pad_type_id":0,"pad_token":"<pad>"},
        "added_tokens":[{"id":0,"content":"<pad>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true},
        {"id":16,"content":"<mask>","single_word":true,"lstrip":true,"rstrip":true,"normalized":true,"special":true}],
        "normalizer":null,"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true},
        "post_processor":{"type":"RobertaProcessing","sep":["<pad>",0],"cls":["<mask>",16],"trim_offsets":true,"add_prefix_space":true},
        "decoder":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true},
        "model":{"type":"BPE","dropout":0.1,"unk_token":null,"continuing_subword_prefix":null,"end_of_word_suffix":null,"fuse_unk":false,
        "byte_fallback":false,"ignore_merges":true,
        "vocab":{"<pad>":0,"H":1,"e":2,"l":3,"o":4,"Ġ":5,"a":6,"w":7,"Ã":8,"¶":9,"ll":10,"He":11,"Hell":12,"Ġa":13,"aa":14,"Ġw":15},
        "merges":[["l","l"],["H","e"],["He","ll"],["Ġ","a"],["a","a"],["Ġ","w"]]}}
        """,

        // BERT.
        """
        {"version":"1.0","truncation":null,"padding":{"strategy":"BatchLongest","direction":"Right","pad_to_multiple_of":null,"pad_id":0,"pad_type_id":0,"pad_token":"[PAD]"},
        "added_tokens":[{"id":1,"content":"[UNK]","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}],
        "normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true},
        "pre_tokenizer":{"type":"BertPreTokenizer"},"post_processor":{"type":"BertProcessing","sep":["[SEP]",3],"cls":["[CLS]",2]},
        "decoder":{"type":"WordPiece","prefix":"##","cleanup":true},
        "model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":20,
        "vocab":{"[PAD]":0,"[UNK]":1,"[CLS]":2,"[SEP]":3,"he":4,"##llo":5,"w":6,"##orld":7,"日":8,"12":9,".":10,"##a":11}}}
        """,

        // Unigram with the normalizers that change much.
        """
        {"version":"1.0","truncation":null,"padding":null,"added_tokens":[],
        "normalizer":{"type":"Sequence","normalizers":[{"type":"Precompiled","precompiled_charsmap":"CHARSMAP"},{"type":"Nmt"},{"type":"NFKC"},
        {"type":"Strip","strip_left":true,"strip_right":true},{"type":"Replace","pattern":{"Regex":" {2,}|(?i:x+)(?=y)|\\d++"},"content":" "},{"type":"Append","append":"!"}]},
        "pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}]},
        "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],
        "pair":[{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"B","type_id":1}}],
        "special_tokens":{"<s>":{"id":"<s>","ids":[1,1],"tokens":["<s>","<s>"]}}},
        "decoder":{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true},
        "model":{"type":"Unigram","unk_id":0,"byte_fallback":true,
        "vocab":[["<unk>",0.0],["<s>",0.0],["▁",-2.5],["▁H",-3.0],["ello",-3.5],["e",-4.0],["l",-4.25],["o",-4.5],["<0xC3>",-9.0],["<0xB6>",-9.0],["aa",-5e-1],["a",-1]]}}
        """,

        // Words of a list, with the splitters of every kind.
        """
        {"version":"1.0","truncation":null,"padding":null,"added_tokens":[],
        "normalizer":{"type":"Sequence","normalizers":[{"type":"NFD"},{"type":"StripAccents"},{"type":"NFC"},{"type":"NFKD"},{"type":"Lowercase"},{"type":"Prepend","prepend":"_"}]},
        "pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"UnicodeScripts"},{"type":"Punctuation","behavior":"Isolated"},{"type":"Digits","individual_digits":true},
        {"type":"Whitespace"},{"type":"CharDelimiterSplit","delimiter":"_"},{"type":"Split","pattern":{"Regex":"l(?=o)|[^\\s\\p{L}]|a{1,3}?"},"behavior":"MergedWithNext","invert":false},
        {"type":"Split","pattern":{"String":"w"},"behavior":"Contiguous","invert":true},{"type":"FixedLength","length":5}]},
        "post_processor":{"type":"Sequence","processors":[{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true},
        {"type":"TemplateProcessing","single":"$A [U]","pair":"$A:0 $B:1 [U]:1","special_tokens":{"[U]":{"id":"[U]","ids":[0],"tokens":["[U]"]}}}]},
        "decoder":{"type":"Sequence","decoders":[{"type":"BPEDecoder","suffix":"</w>"},{"type":"CTC","pad_token":"<pad>","word_delimiter_token":"|","cleanup":true},
        {"type":"Strip","content":" ","start":1,"stop":1},{"type":"Replace","pattern":{"String":"|"},"content":" "},{"type":"Fuse"}]},
        "model":{"type":"WordLevel","unk_token":"[U]","vocab":{"[U]":0,"hel":1,"lo":2,"w":3,"orld":4,"1":5,"aaa":6}}}
        """,

        // BPE of characters that falls back to bytes, as LLaMA's.
        """
        {"version":"1.0","truncation":null,"padding":null,
        "added_tokens":[{"id":1,"content":"<s>","single_word":false,"lstrip":false,"rstrip":true,"normalized":false,"special":true}],
        "normalizer":{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]},
        "pre_tokenizer":null,"post_processor":null,
        "decoder":{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]},
        "model":{"type":"BPE","dropout":null,"unk_token":"<unk>","continuing_subword_prefix":null,"end_of_word_suffix":null,"fuse_unk":true,"byte_fallback":true,"ignore_merges":false,
        "vocab":{"<unk>":0,"<s>":1,"<0xC3>":2,"<0xB6>":3,"▁":4,"H":5,"e":6,"l":7,"o":8,"ll":9,"▁H":10,"a":11,"aa":12,"aaaa":13},
        "merges":["l l","▁ H","a a",["aa","aa"]]}}
        """,

        // BPE with a prefix and a suffix, and bytes as text.
        """
        {"version":"1.0","truncation":null,"padding":null,"added_tokens":[],
        "normalizer":{"type":"ByteLevel"},"pre_tokenizer":{"type":"WhitespaceSplit"},"post_processor":null,"decoder":{"type":"BPEDecoder","suffix":"</w>"},
        "model":{"type":"BPE","dropout":null,"unk_token":"[U]","continuing_subword_prefix":"##","end_of_word_suffix":"</w>","fuse_unk":false,"byte_fallback":false,"ignore_merges":false,
        "vocab":{"[U]":0,"H":1,"##e":2,"##l":3,"##o</w>":4,"##ll":5,"a":6,"##a":7,"##a</w>":8,"He":9,"##llo</w>":10},
        "merges":[["##l","##l"],["H","##e"],["##ll","##o</w>"]]}}
        """,
    ];

    /// <summary>The files with the table of replacements in its place.</summary>
    public static IReadOnlyList<byte[]> Bytes { get; } = [.. Files.Select(static file => System.Text.Encoding.UTF8.GetBytes(file.Replace("CHARSMAP", CharacterMap(), StringComparison.Ordinal)))];

    /// <summary>A table that makes a space of a line feed and an e of an é.</summary>
    private static string CharacterMap()
    {
        const uint Value = 1u << 31;
        var trie = new uint[364];
        trie['\n'] = '\n' | (1 << 8) | (16 << 10);
        trie['\n' ^ 16] = Value;
        trie[0xC3] = 0xC3 | (256 << 10);
        trie[0xC3 ^ 256 ^ 0xA9] = 0xA9 | (1 << 8) | (1 << 10);
        trie[0xC3 ^ 256 ^ 0xA9 ^ 1] = Value | 2;
        return Convert.ToBase64String([.. BitConverter.GetBytes(sizeof(uint) * trie.Length), .. MemoryMarshal.AsBytes(trie.AsSpan()), .. " \0e\0"u8]);
    }
}
