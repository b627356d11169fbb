/* losses.js - answers that never arrive, a store that fails, no network. */
'use strict';
const assert = require('node:assert/strict');
const { Visitor, press, inside, outside, told, windowOver } = require('./visitor');

const WINDOW = 1;                               /* of the server `strict`, in seconds */
const KEY = 'tokenauth retry key';

const debug = (page, what, body) => page.evaluate(async ([what, body]) => {
  const answer = await fetch(`/debug/${what}`, { method: 'POST', body: JSON.stringify(body),
    headers: { 'Content-Type': 'application/json' } });
  if (!answer.ok) throw new Error(`/debug/${what}: ${answer.status}`);
}, [what, body]);

const storedKey = page => page.evaluate(name => localStorage.getItem(name), KEY);

/* The token is spent, no answer comes, and the page gives up for now; then the window closes. */
async function lose(v) {
  await debug(v.page, 'drop', { count: 1000 });
  await press(v.page, 'Renew now');
  await told(v.page, 'The server cannot say.');
  await debug(v.page, 'drop', { count: 0 });
  await windowOver(v.page, WINDOW);
}

module.exports = async (check, browser, serve) => {
  const plain = await serve('--debug'), strict = await serve('--debug', '--window', `${WINDOW}s`);
  await check('losses: lost answers are asked for again, with the same key', async () => {
    const v = await Visitor.arrive(browser, plain, { login: 'alice' }), { page } = v;
    const keys = [];
    page.on('request', r => {
      if (r.url().endsWith('/auth/refresh')) keys.push(r.headers()['refresh-retry-key']);
    });
    await press(page, 'Lose the next answers');
    await told(page, 'nothing was lost but time');
    await inside(page, 'alice');
    assert.equal(new Set(keys).size, 1);
    assert.match(keys[0], /^[\w-]{22}$/);
    assert.ok(plain.events('answer_dropped').length >= 3);
    assert.equal(await storedKey(page), null);
    await v.leave();
  });

  await check('losses: the key is stored before the token is spent, and is another each time', async () => {
    const v = await Visitor.arrive(browser, plain, { login: 'alice' }), { page } = v;
    const keys = [], stored = [];
    await page.route('**/auth/refresh', async route => {
      keys.push(route.request().headers()['refresh-retry-key']);
      stored.push(await storedKey(page));
      await route.continue();
    });
    for (const n of ['once', '2 times']) {
      await press(page, 'Renew now');
      await page.locator('#count', { hasText: n }).waitFor();
    }
    assert.equal(new Set(keys).size, 2);
    assert.deepEqual(stored, keys);
    assert.equal(await storedKey(page), null);
    await v.leave();
  });

  await check('losses: long after the window the retry key still gets the lost answer', async () => {
    const v = await Visitor.arrive(browser, strict, { login: 'bob' }), { page } = v;
    await windowOver(page, WINDOW);
    await lose(v);
    const before = strict.events('late_retry').length;
    assert.equal(await page.locator('#inside').isVisible(), true);
    await press(page, 'Renew now');
    await told(page, 'Renewed because you asked.');
    assert.equal(strict.events('late_retry').length, before + 1);
    await v.leave();
  });

  await check('losses: the same after the tab was closed: the key outlives it', async () => {
    const v = await Visitor.arrive(browser, strict, { login: 'bob' });
    await windowOver(v.page, WINDOW);
    await lose(v);
    await v.page.close();
    await inside(await v.tab(), 'bob');
    await v.leave();
  });

  await check('losses: without the key the very same is a replay', async () => {
    const v = await Visitor.arrive(browser, strict, { login: 'bob' }), { page } = v;
    const before = strict.events('replay').length;
    await windowOver(page, WINDOW);
    await lose(v);
    await page.evaluate(() => localStorage.clear());
    await press(page, 'Renew now');
    await outside(page);
    assert.equal(strict.events('replay').length, before + 1);
    await v.leave();
  });

  await check('losses: a store that fails logs nobody out', async () => {
    const v = await Visitor.arrive(browser, plain, { login: 'alice' }), { page } = v;
    await page.locator('#devices li').first().waitFor();     /* else that request may meet the fault */
    await press(page, 'Let the store fail');
    await told(page, '503');
    await told(page, 'The server is well again.');
    let left = 3;
    await page.route('**/auth/refresh', route => left-- > 0
      ? route.fulfill({ status: 503, json: { error: 'temporarily_unavailable', client: 'keep' } })
      : route.continue());
    await press(page, 'Renew now');
    await told(page, 'Renewed because you asked.');
    await inside(page, 'alice');
    await v.leave();
  });

  await check('losses: a server that does not know the key is asked twice, then it is a login', async () => {
    const v = await Visitor.arrive(browser, plain, { login: 'alice' }), { page } = v;
    let asked = 0, unknown = 1;
    await page.route('**/auth/refresh', route => asked++ < unknown
      ? route.fulfill({ status: 401, json: { error: 'invalid_grant', client: 'keep' } }) : route.continue());
    await press(page, 'Renew now');
    await told(page, 'Renewed because you asked.');
    assert.equal(asked, 2);
    unknown = 100;
    await press(page, 'Renew now');
    await outside(page);
    assert.equal(asked, 4);
    await v.leave();
  });

  await check('losses: without a network the page keeps what it has, and goes on later', async () => {
    const v = await Visitor.arrive(browser, plain, { login: 'alice' }), { page } = v;
    await v.context.setOffline(true);
    await press(page, 'Renew now');
    await told(page, 'The server cannot say.');
    assert.equal(await page.locator('#inside').isVisible(), true);
    await press(page, 'Log out');
    await told(page, 'You are NOT logged out.');
    await v.context.setOffline(false);
    await press(page, 'Renew now');
    await told(page, 'Renewed because you asked.');
    await press(page, 'Log out');
    await outside(page);
    await v.leave();
  });
};
