import assert from 'node:assert/strict';

/** How narrow a page may be, in CSS pixels, without scrolling sideways (WCAG 2.2, 1.4.10). */
const narrow = 320;

/** What text needs against its ground (WCAG 2.2, 1.4.3): large text is of 24 px, or bold of 18.66 px. */
const needed = { text: 4.5, large: 3 };

/** Looks at what a page shows now, light and dark, wide and narrow: it can be read, and nothing sticks out. */
export async function looksFine(page, what) {
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' }); // colours do not change little by little
    const texts = await page.evaluate(contrasts);
    assert.ok(texts.length > 0, `${what}: no text is seen`);
    for (const t of texts) {
      assert.ok(t.ratio >= (t.large ? needed.large : needed.text),
        `${what}, ${colorScheme}: “${t.text}” has a contrast of ${t.ratio.toFixed(2)}, ${t.colour} on ${t.ground}`);
    }
  }
  const before = page.viewportSize() ?? { width: 1280, height: 720 };
  await page.setViewportSize({ width: narrow, height: 640 });
  assert.deepEqual(await page.evaluate(overflow), [], `${what}: at ${narrow} px, these stick out`);
  await page.setViewportSize(before);
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
}

/** Goes through what Tab reaches, from where the keyboard is now, until it comes around. */
async function tabs(page) {
  const reached = [];
  for (let i = 0; i < 80; i++) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(focused);
    if (at === undefined) continue; // between the page's end and its start
    if (reached.includes(at)) return reached;
    reached.push(at);
    assert.ok(await page.evaluate(outlined), `the focus is not seen on ${at}`);
  }
  assert.fail(`Tab does not come around: ${reached}`);
}

/** Tab reaches every control that is seen, and shows where it is; each has a name for those who listen. */
export async function walks(page, what) {
  assert.deepEqual(await page.evaluate(unnamed), [], `${what}: without a name`);
  const reached = await tabs(page);
  const all = await page.evaluate(controls);
  assert.deepEqual([...reached].sort(), [...all].sort(), `${what}: what Tab reaches, and what there is`);
  const start = all.indexOf(reached[0]);
  assert.deepEqual(reached, [...all.slice(start), ...all.slice(0, start)], `${what}: Tab's order is that of the page`);
}

/** Goes to a control by Tab alone, and presses a key there. */
export async function presses(page, id, key = 'Enter') {
  for (let i = 0; i < 60; i++) {
    if ((await page.evaluate(focused)) === id) return page.keyboard.press(key);
    await page.keyboard.press('Tab');
  }
  assert.fail(`Tab does not reach ${id}`);
}

/** In the page: a name for what has the keyboard. */
function focused() {
  const e = document.activeElement;
  return !e || e === document.body ? undefined : e.id || e.ariaLabel || e.textContent.trim();
}

/** In the page: whether one sees what has the keyboard. */
function outlined() {
  const style = getComputedStyle(document.activeElement);
  return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
}

/** In the page: the names of what may be pressed or written in, in order. */
function controls() {
  const root = document.querySelector('dialog:modal') ?? document;
  return [...root.querySelectorAll('a[href], button, input, select, textarea, [tabindex="0"]')]
    .filter((e) => !e.disabled && e.checkVisibility({ visibilityProperty: true }))
    .map((e) => e.id || e.ariaLabel || e.textContent.trim());
}

/** In the page: what is seen of controls, pictures and dialogs that nothing names to those who listen. An id is no name. */
function unnamed() {
  const heard = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return node.data;
    if (node.nodeType !== Node.ELEMENT_NODE || node.ariaHidden === 'true' || !node.checkVisibility()) return '';
    return node.ariaLabel ?? [...node.childNodes].map(heard).join('');
  };
  const byIds = (e) => (e.getAttribute('aria-labelledby') ?? '').split(' ').map((id) => document.getElementById(id)?.textContent ?? '');
  const inside = 'a, button, [role=img]'; // what others have in them is no name of theirs
  const name = (e) => [...byIds(e), e.ariaLabel ?? '', ...[...e.labels ?? []].map((l) => l.textContent), e.matches(inside) ? heard(e) : '']
    .join('').trim();
  const root = document.querySelector('dialog:modal') ?? document.body;
  const all = [root, ...root.querySelectorAll('a[href], button, input, select, textarea, video, dialog, [role], [tabindex="0"]')];
  const named = '[role=status], [role=alert], [role=timer]'; // these speak for themselves
  return all.filter((e) => e !== document.body && e.checkVisibility({ visibilityProperty: true }) && !e.closest('[aria-hidden=true]') &&
    !e.matches(named) && name(e) === '').map((e) => e.id || e.outerHTML.slice(0, 80));
}

/** In the page: what is seen and reaches beyond the window's sides. */
function overflow() {
  const out = [];
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width) out.push(`the page: ${document.documentElement.scrollWidth} px`);
  const root = document.querySelector('dialog:modal') ?? document.body;
  if (root.scrollWidth > root.clientWidth) out.push(`${root.id || 'body'}: ${root.scrollWidth} px within`);
  for (const e of root.querySelectorAll('button, input, a, h1, h2, p, li, img, video, [role]')) {
    const { left, right, width: w } = e.getBoundingClientRect();
    const seen = w > 1 && e.checkVisibility() && !e.closest('.hidden-text');
    if (seen && (left < -0.5 || right > width + 0.5)) out.push(`${e.id || e.textContent.trim()}: ${left} to ${right}`);
  }
  return out;
}

/**
 * In the page: each text that is seen with its contrast on the ground beneath it, by the colours of the styles. Of a
 * gradient each colour is a ground. What lies upon pictures is looked at upon white and upon black. Controls that may
 * not be pressed and what is hidden from those who listen are left out, as WCAG does.
 */
function contrasts() {
  const pen = Object.assign(document.createElement('canvas'), { width: 1, height: 1 })
    .getContext('2d', { willReadFrequently: true });
  const rgba = (colour) => {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], under) => [r, g, b].map((v, i) => v * a + under[i] * (1 - a));
  const luminance = (c) => c.map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ratio = (a, b) => {
    const [dark, bright] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (bright + 0.05) / (dark + 0.05);
  };
  const layers = (style) => {
    const image = (style.backgroundImage.match(/(?:rgba?|color|hsla?|oklab)\([^()]*\)/g) ?? []).map(rgba);
    const shades = image.filter(([, , , a]) => a > 0); // where it is transparent there is no text
    const plain = rgba(style.backgroundColor);
    return [shades, plain[3] > 0 ? [plain] : []].filter((l) => l.length > 0);
  };
  /** Every colour that the ground of an element may have. */
  const grounds = (e) => {
    if (!e) return [[255, 255, 255]];
    const own = layers(getComputedStyle(e));
    const solid = own.some((l) => l.every(([, , , a]) => a === 1));
    let under = [[255, 255, 255]];
    if (!solid) {
      const upon = e.matches('.stage > *') && !e.matches('.remote');
      under = upon ? [[255, 255, 255], [0, 0, 0]] : grounds(e.parentElement);
    }
    return own.reverse().reduce((below, l) => l.flatMap((c) => below.map((u) => over(c, u))), under);
  };
  const found = [];
  const look = (e, text, style) => {
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    for (const ground of grounds(e)) {
      const colour = over(rgba(style.color), ground);
      const shown = { text: text.slice(0, 40), colour: String(colour), ground: String(ground), large };
      found.push({ ...shown, ratio: ratio(colour, ground) });
    }
  };
  const root = document.querySelector('dialog:modal') ?? document.body;
  const exempt = '[aria-hidden=true], :disabled, .hidden-text';
  for (const e of root.querySelectorAll('*')) {
    if (!e.checkVisibility({ visibilityProperty: true }) || e.closest(exempt)) continue;
    const text = [...e.childNodes].filter((n) => n.nodeType === Node.TEXT_NODE).map((n) => n.data.trim()).join('');
    if (text !== '') look(e, text, getComputedStyle(e));
    else if (e.matches('input')) {
      look(e, e.value || e.placeholder, getComputedStyle(e, e.value ? undefined : '::placeholder'));
    }
    const before = getComputedStyle(e, '::before');
    if (/\w{4}/.test(before.content) && before.content !== 'none') look(e, before.content, before);
  }
  return found;
}
