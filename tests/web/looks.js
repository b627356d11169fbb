/* looks.js - light and dark, wide and narrow: nothing runs out of the window, everything can be read. */
'use strict';
const assert = require('node:assert/strict');
const { Visitor, press, timeline, told } = require('./visitor');

const TEXTS = ['.brand', '.motto', 'h1', '.help', 'label', 'input', 'button', 'button.main', 'button.danger',
  'code', '.token .h', '.token .c', '.token .s', '.part h2', '.part dd code', '.part dd .help', '.tries span',
  '.badge', '.when', '.actor', '.text', '.detail', 'summary', '#left', '.devices .help'];

/* The worst contrast of text to what lies behind it, WCAG 2.1 1.4.3, of each selector that is visible. */
const contrasts = page => page.evaluate(selectors => {
  const numbers = colour => {
    const [r, g, b, alpha = 1] = colour.match(/[\d.]+/g).map(Number);
    const unit = colour.startsWith('color(') ? 255 : 1;
    return [unit * r, unit * g, unit * b, alpha];
  };
  const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
  const behind = node => {
    if (!node) return [255, 255, 255, 1];
    const own = numbers(getComputedStyle(node).backgroundColor);
    return own[3] === 1 ? own : over(own, behind(node.parentElement));
  };
  const light = c => [0.2126, 0.7152, 0.0722].reduce((sum, w, i) => {
    const v = c[i] / 255;
    return sum + w * (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  }, 0);
  const opacity = node => node ? Number(getComputedStyle(node).opacity) * opacity(node.parentElement) : 1;
  const found = {};
  for (const selector of selectors) {
    for (const node of document.querySelectorAll(selector)) {
      if (!node.checkVisibility() || node.getAttribute('aria-disabled') === 'true') continue;
      const back = behind(node), ink = numbers(getComputedStyle(node).color);
      ink[3] *= opacity(node);
      const [a, b] = [light(over(ink, back)), light(back)].sort((x, y) => y - x);
      found[selector] = Math.min(found[selector] ?? 99, (a + 0.05) / (b + 0.05));
    }
  }
  return found;
}, TEXTS);

/* What runs out of the window to the right. */
const overflow = page => page.evaluate(() => [...document.querySelectorAll('body *')]
  .filter(n => n.checkVisibility() && n.getBoundingClientRect().right > innerWidth + 0.5)
  .map(n => n.id || n.className || n.tagName));

async function look(browser, server, name, options) {
  const v = await Visitor.arrive(browser, server, options), { page } = v;
  const seen = {};
  const note = async state => {
    Object.assign(seen, await contrasts(page));
    assert.deepEqual(await overflow(page), []);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    await v.shot(`${state}-${name}`);
  };
  await note('login');
  await v.login('admin', { label: 'a device with a name as long as is let' });
  await press(page, 'Spoil the token, call three times');
  await told(page, 'Third request: hello, admin.');
  await press(page, 'Renew twice at once');
  await timeline(page, 'Within the window').nth(1).waitFor();
  await page.getByText('What do the words mean?').click();
  await note('inside');
  assert.ok(Object.keys(seen).length >= TEXTS.length - 1, Object.keys(seen).join());
  assert.deepEqual(Object.entries(seen).filter(([, ratio]) => ratio < 4.5), []);
  const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await v.leave();
  return Number(paper.match(/\d+/)[0]);
}

module.exports = async (check, browser, serve) => {
  const plain = await serve('--debug');
  await check('looks: light, and all text has a contrast of 4.5', async () =>
    assert.ok(await look(browser, plain, 'light', {}) > 200));
  await check('looks: dark, and all text has a contrast of 4.5', async () =>
    assert.ok(await look(browser, plain, 'dark', { colorScheme: 'dark' }) < 60));
  await check('looks: 360 pixels wide, nothing runs out of the window', () =>
    look(browser, plain, 'narrow', { viewport: { width: 360, height: 740 } }));
  await check('looks: 360 pixels wide and dark', () =>
    look(browser, plain, 'narrow-dark', { viewport: { width: 360, height: 740 }, colorScheme: 'dark' }));
  await check('looks: letters at twice the size', () =>
    look(browser, plain, 'zoomed', { viewport: { width: 640, height: 430 } }));
};
