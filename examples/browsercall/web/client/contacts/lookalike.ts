/** Names that are the same, or that may be taken for each other (docs/PROTOCOL.md, section 9, "Look-alikes"). */

/** Says whether two names are the same but for case, spaces and variation selectors. */
export function sameName(a: string, b: string): boolean {
  return fold(a) !== '' && fold(a) === fold(b);
}

/**
 * Says whether two names may be taken for each other: their skeletons are equal. It finds what is easily typed, not
 * every character of Unicode that somebody could find. Same names are look-alikes too.
 */
export function lookAlike(a: string, b: string): boolean {
  return skeleton(a) !== '' && skeleton(a) === skeleton(b);
}

/** A name in lower case with single spaces: what contacts are sorted by. */
export function fold(name: string): string {
  return lower(name).replace(/\p{VS}/gu, '').split(/\s+/).filter(Boolean).join(' ');
}

/** Each character by itself: what one becomes does not depend on where in the word it stands. */
function lower(s: string): string {
  return [...s].map(lowerOne).join('');
}

/** İ alone becomes two characters in lower case; its first is what it looks like. */
function lowerOne(c: string): string {
  return [...c.toLowerCase()][0]!;
}

function skeleton(name: string): string {
  const strokes = [...name].map(narrow).map((c) => {
    // Before lowering: capital I, the bar and l are one stroke; some capitals resemble what their small forms do not.
    const small = lowerOne(c);
    return confusable.get(c) ?? confusable.get(small) ?? (/[\p{L}\p{Nd}]/u.test(small) ? small : '');
  });
  return strokes.join('').replace(/rn|vv|cl/g, (two) => ({ rn: 'm', vv: 'w', cl: 'd' })[two]!);
}

/** The ASCII character of a full-width form. */
function narrow(c: string): string {
  const code = c.codePointAt(0)!;
  return code >= 0xff01 && code <= 0xff5e ? String.fromCharCode(code - 0xff01 + 0x21) : c;
}

/** What resembles a basic Latin letter, after that letter. i, j without dots, l, 1 and | are all "l". */
const table = [
  'aàáâãäåāăąǎạảấầẩẫậắằẳẵặаαɑ@4АΑ',
  'bьВвΒƀ8',
  'cçćĉċčсϲСϹ',
  'dďđԁɗ',
  'eèéêëēĕėęěẹẻẽếềểễệеєёЕΕ3',
  'fƒϝ',
  'gĝğġģɡ9',
  'hĥħһНнΗ',
  'jĵјЈ',
  'kķκкКΚ',
  'llIi1|!ìíîïĩīĭįıǐịỉіїІΙιӏӀĺļľŀłⅼ',
  'mмМΜⅿ',
  'nñńņňŉηпΝ',
  'oòóôõöøōŏőǒọỏốồổỗộớờởỡợơоοσОΟ0',
  'pрρРΡ',
  'qԛ',
  'rŕŗřгṛ',
  'sśŝşšșѕЅ$5',
  'tţťŧțтТΤτ7',
  'uùúûüũūŭůűųưụủứừửữựυц',
  'vνѵⅴ',
  'wŵԝшщω',
  'xхχХΧ×',
  'yýÿŷуγҮүУΥỳỵỷỹ',
  'zźżžΖ2',
];

const confusable = new Map(table.flatMap(([to, ...from]) => from.map((c) => [c, to!] as const)));
confusable.set('ß', 'ss').set('æ', 'ae').set('œ', 'oe');
