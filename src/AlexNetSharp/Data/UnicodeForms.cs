using System.Collections.Frozen;
using System.Text;

namespace AlexNetSharp.Data;

/// <summary>Compares names whose accents may be composed with their letters in one and separate in the other, as macOS writes file names.</summary>
/// <remarks>
/// This is canonical decomposition (Unicode Standard Annex 15) for Latin, Greek, Cyrillic, kana and Hangul. string.Normalize does nothing in
/// programs with invariant globalization, which the command is.
/// </remarks>
internal static class UnicodeForms
{
    private const int FirstSyllable = 0xAC00, Syllables = 11172, FirstLead = 0x1100, FirstVowel = 0x1161, FirstTail = 0x11A7, Vowels = 21, Tails = 28;

    /// <summary>Whether two names are the same text.</summary>
    public static bool AreAlike(string a, string b) =>
        a == b || !(Ascii.IsValid(a) && Ascii.IsValid(b)) && string.Equals(Decompose(a), Decompose(b), StringComparison.Ordinal);

    private static string Decompose(string text)
    {
        var decomposed = new StringBuilder();
        foreach (char c in text)
            Append(decomposed, c);
        return decomposed.ToString();
    }

    private static void Append(StringBuilder text, char c)
    {
        if (c - FirstSyllable is var syllable and >= 0 and < Syllables)
        {
            text.Append((char)(FirstLead + syllable / (Vowels * Tails))).Append((char)(FirstVowel + syllable / Tails % Vowels));
            if (syllable % Tails > 0)
                text.Append((char)(FirstTail + syllable % Tails));
        }
        else if (s_parts.TryGetValue(c, out (char Letter, char Mark) parts))
        {
            Append(text, parts.Letter);
            text.Append(parts.Mark);
        }
        else
        {
            text.Append(c);
        }
    }

    /// <summary>From the Unicode Character Database: a mark, letters, and the same letters with the mark.</summary>
    private static readonly (int Mark, string Letters, string Composed)[] s_compositions =
    [
        (0x0300, "AEIOUaeiouÜüNnЕИеиĒēŌōWwÂâĂăÊêÔôƠơƯưYyἀἁ",
            "ÀÈÌÒÙàèìòùǛǜǸǹЀЍѐѝḔḕṐṑẀẁẦầẰằỀềỒồỜờỪừỲỳἂἃ"),
        (0x0300, "ἈἉἐἑἘἙἠἡἨἩἰἱἸἹὀὁὈὉὐὑὙὠὡὨὩαεηιουωΑΕΗ᾿ϊΙ῾ϋ",
            "ἊἋἒἓἚἛἢἣἪἫἲἳἺἻὂὃὊὋὒὓὛὢὣὪὫὰὲὴὶὸὺὼᾺῈῊ῍ῒῚ῝ῢ"),
        (0x0300, "Υ¨ΟΩ", "Ὺ῭ῸῺ"),
        (0x0301, "AEIOUYaeiouyCcLlNnRrSsZzÜüGgÅåÆæØø̈¨ΑΕΗΙ",
            "ÁÉÍÓÚÝáéíóúýĆćĹĺŃńŔŕŚśŹźǗǘǴǵǺǻǼǽǾǿ̈́΅ΆΈΉΊ"),
        (0x0301, "ΟΥΩϊαεηιϋουωϒГКгкÇçĒēÏïKkMmÕõŌōPpŨũWwÂâĂ",
            "ΌΎΏΐάέήίΰόύώϓЃЌѓќḈḉḖḗḮḯḰḱḾḿṌṍṒṓṔṕṸṹẂẃẤấẮ"),
        (0x0301, "ăÊêÔôƠơƯưἀἁἈἉἐἑἘἙἠἡἨἩἰἱἸἹὀὁὈὉὐὑὙὠὡὨὩ᾿῾",
            "ắẾếỐốỚớỨứἄἅἌἍἔἕἜἝἤἥἬἭἴἵἼἽὄὅὌὍὔὕὝὤὥὬὭ῎῞"),
        (0x0302, "AEIOUaeiouCcGgHhJjSsWwYyZzẠạẸẹỌọ",
            "ÂÊÎÔÛâêîôûĈĉĜĝĤĥĴĵŜŝŴŵŶŷẐẑẬậỆệỘộ"),
        (0x0303, "ANOanoIiUuVvÂâĂăEeÊêÔôƠơƯưYy",
            "ÃÑÕãñõĨĩŨũṼṽẪẫẴẵẼẽỄễỖỗỠỡỮữỸỹ"),
        (0x0304, "AaEeIiOoUuÜüÄäȦȧÆæǪǫÖöÕõȮȯYyИиУуGgḶḷṚṛαΑ",
            "ĀāĒēĪīŌōŪūǕǖǞǟǠǡǢǣǬǭȪȫȬȭȰȱȲȳӢӣӮӯḠḡḸḹṜṝᾱᾹ"),
        (0x0304, "ιΙυΥ", "ῑῙῡῩ"),
        (0x0306, "AaEeGgIiOoUuУИиуЖжАаЕеȨȩẠạαΑιΙυΥ",
            "ĂăĔĕĞğĬĭŎŏŬŭЎЙйўӁӂӐӑӖӗḜḝẶặᾰᾸῐῘῠῨ"),
        (0x0307, "CcEeGgIZzAaOoBbDdFfHhMmNnPpRrSsŚśŠšṢṣTtW",
            "ĊċĖėĠġİŻżȦȧȮȯḂḃḊḋḞḟḢḣṀṁṄṅṖṗṘṙṠṡṤṥṦṧṨṩṪṫẆ"),
        (0x0307, "wXxYyſ", "ẇẊẋẎẏẛ"),
        (0x0308, "AEIOUaeiouyYΙΥιυϒЕІеіАаӘәЖжЗзИиОоӨөЭэУуЧ",
            "ÄËÏÖÜäëïöüÿŸΪΫϊϋϔЁЇёїӒӓӚӛӜӝӞӟӤӥӦӧӪӫӬӭӰӱӴ"),
        (0x0308, "чЫыHhÕõŪūWwXxt",
            "ӵӸӹḦḧṎṏṺṻẄẅẌẍẗ"),
        (0x0309, "AaÂâĂăEeÊêIiOoÔôƠơUuƯưYy",
            "ẢảẨẩẲẳẺẻỂểỈỉỎỏỔổỞởỦủỬửỶỷ"),
        (0x030A, "AaUuwy", "ÅåŮůẘẙ"),
        (0x030B, "OoUuУу", "ŐőŰűӲӳ"),
        (0x030C, "CcDdEeLlNnRrSsTtZzAaIiOoUuÜüGgKkƷʒjHh",
            "ČčĎďĚěĽľŇňŘřŠšŤťŽžǍǎǏǐǑǒǓǔǙǚǦǧǨǩǮǯǰȞȟ"),
        (0x030F, "AaEeIiOoRrUuѴѵ",
            "ȀȁȄȅȈȉȌȍȐȑȔȕѶѷ"),
        (0x0311, "AaEeIiOoRrUu", "ȂȃȆȇȊȋȎȏȒȓȖȗ"),
        (0x0313, "αΑεΕηΗιΙοΟυωΩρ",
            "ἀἈἐἘἠἨἰἸὀὈὐὠὨῤ"),
        (0x0314, "αΑεΕηΗιΙοΟυΥωΩρΡ",
            "ἁἉἑἙἡἩἱἹὁὉὑὙὡὩῥῬ"),
        (0x031B, "OoUu", "ƠơƯư"),
        (0x0323, "BbDdHhKkLlMmNnRrSsTtVvWwZzAaEeIiOoƠơUuƯư",
            "ḄḅḌḍḤḥḲḳḶḷṂṃṆṇṚṛṢṣṬṭṾṿẈẉẒẓẠạẸẹỊịỌọỢợỤụỰự"),
        (0x0323, "Yy", "Ỵỵ"),
        (0x0324, "Uu", "Ṳṳ"),
        (0x0325, "Aa", "Ḁḁ"),
        (0x0326, "SsTt", "ȘșȚț"),
        (0x0327, "CcGgKkLlNnRrSsTtEeDdHh",
            "ÇçĢģĶķĻļŅņŖŗŞşŢţȨȩḐḑḨḩ"),
        (0x0328, "AaEeIiUuOo", "ĄąĘęĮįŲųǪǫ"),
        (0x032D, "DdEeLlNnTtUu", "ḒḓḘḙḼḽṊṋṰṱṶṷ"),
        (0x032E, "Hh", "Ḫḫ"),
        (0x0330, "EeIiUu", "ḚḛḬḭṴṵ"),
        (0x0331, "BbDdKkLlNnRrTtZzh",
            "ḆḇḎḏḴḵḺḻṈṉṞṟṮṯẔẕẖ"),
        (0x0338, "←→↔⇐⇔⇒", "↚↛↮⇍⇎⇏"),
        (0x0342, "ἀἁἈἉἠἡἨἩἰἱἸἹὐὑὙὠὡὨὩα¨η᾿ιϊ῾υϋω",
            "ἆἇἎἏἦἧἮἯἶἷἾἿὖὗὟὦὧὮὯᾶ῁ῆ῏ῖῗ῟ῦῧῶ"),
        (0x0345, "ἀἁἂἃἄἅἆἇἈἉἊἋἌἍἎἏἠἡἢἣἤἥἦἧἨἩἪἫἬἭἮἯὠὡὢὣὤὥὦὧ",
            "ᾀᾁᾂᾃᾄᾅᾆᾇᾈᾉᾊᾋᾌᾍᾎᾏᾐᾑᾒᾓᾔᾕᾖᾗᾘᾙᾚᾛᾜᾝᾞᾟᾠᾡᾢᾣᾤᾥᾦᾧ"),
        (0x0345, "ὨὩὪὫὬὭὮὯὰαάᾶΑὴηήῆΗὼωώῶΩ",
            "ᾨᾩᾪᾫᾬᾭᾮᾯᾲᾳᾴᾷᾼῂῃῄῇῌῲῳῴῷῼ"),
        (0x3099, "かきくけこさしすせそたちつてとはひふへほうゝカキクケコサシスセソタチツテトハヒフ",
            "がぎぐげござじずぜぞだぢづでどばびぶべぼゔゞガギグゲゴザジズゼゾダヂヅデドバビブ"),
        (0x3099, "ヘホウワヰヱヲヽ", "ベボヴヷヸヹヺヾ"),
        (0x309A, "はひふへほハヒフヘホ", "ぱぴぷぺぽパピプペポ"),
    ];

    private static readonly FrozenDictionary<char, (char Letter, char Mark)> s_parts = s_compositions
        .SelectMany(row => row.Letters.Zip(row.Composed, (letter, composed) => (composed, (letter, (char)row.Mark))))
        .ToFrozenDictionary(pair => pair.composed, pair => pair.Item2);
}
