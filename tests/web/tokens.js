/* tokens.js - the access token on the page: taken apart, counted down, renewed. */
'use strict';
const assert = require('node:assert/strict');
const { Visitor, press, inside, timeline, told, shownToken } = require('./visitor');

const decoded = part => JSON.parse(Buffer.from(part, 'base64url'));

module.exports = async (check, browser, serve) => {
  const plain = await serve('--debug');
  await check('tokens: taken apart, every claim as it is, in three colours', async () => {
    const v = await Visitor.arrive(browser, plain, { login: 'alice' }), { page } = v;
    const parts = (await shownToken(page)).split('.');
    assert.equal(parts.length, 3);
    const rows = async list => Object.fromEntries(await page.locator(`${list} > div`).evaluateAll(all =>
      all.map(row => ['dt', 'dd code'].map(part => row.querySelector(part).innerText.replace(/ = .*/, '')))));
    const text = object => Object.fromEntries(Object.entries(object).map(([k, x]) => [k, JSON.stringify(x)]));
    assert.deepEqual(await rows('#header'), text(decoded(parts[0])));
    assert.deepEqual(await rows('#claims'), text(decoded(parts[1])));
    assert.equal(decoded(parts[1]).sub, 'alice');
    const colours = await page.locator('#token > .h, #token > .c, #token > .s').evaluateAll(all =>
      all.map(n => getComputedStyle(n).color));
    assert.equal(new Set(colours).size, 3);
    await v.leave();
  });

  await check('tokens: the countdown counts, and the token is renewed before the end', async () => {
    const v = await Visitor.arrive(browser, plain, { login: 'alice', clock: true }), { page } = v;
    await page.evaluate(() => {
      window.seen = [];
      new MutationObserver(() => window.seen.push(document.getElementById('left').textContent))
        .observe(document.getElementById('left'), { childList: true });
    });
    const first = await shownToken(page);
    await page.clock.pauseAt(await page.evaluate(() => Date.now() + 60000));
    await page.evaluate(() => { window.seen = []; });
    await page.clock.runFor(10000);
    const seen = [...new Set(await page.evaluate(() => window.seen))], left = seen.map(text => {
      const [, minutes, seconds] = /^(\d+):(\d\d) min left$/.exec(text);
      return 60 * minutes + Number(seconds);
    });
    assert.ok(left.length >= 10 && left[0] > 600 && left[0] <= 840, `${seen}`);
    assert.deepEqual(left, left.map((_, i) => left[0] - i));
    await page.clock.fastForward(1000 * (left.at(-1) - 40));
    assert.equal(await shownToken(page), first);
    assert.equal(v.count('POST', '/auth/refresh', 201), 0);
    await page.clock.runFor(30000);
    await told(page, 'Renewed in time, and nobody had to ask.');
    assert.notEqual(await shownToken(page), first);
    assert.ok(!(await page.evaluate(() => window.seen)).includes('expired'));
    assert.equal(v.count('GET', '/test_jwt', 401), 0);
    await page.locator('#count', { hasText: 'once' }).waitFor();
    await v.leave();
  });

  const expires = async page => {
    await page.clock.fastForward('16:00');
    await page.locator('#left', { hasText: 'expired' }).waitFor();
  };
  const look = (page, state) => page.evaluate(s => {
    Object.defineProperty(document, 'visibilityState', { value: s, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }, state);

  await check('tokens: a tab that nobody looks at renews nothing, until it is looked at', async () => {
    const v = await Visitor.arrive(browser, plain, { login: 'alice', clock: true }), { page } = v;
    await look(page, 'hidden');
    await expires(page);
    assert.equal(v.count('POST', '/auth/refresh', 201), 0);
    await look(page, 'visible');
    await told(page, 'Renewed in time');
    await page.locator('#left', { hasText: 'left' }).waitFor();
    await v.leave();
  });

  await check('tokens: an access token that expired meanwhile is renewed before it is used', async () => {
    const v = await Visitor.arrive(browser, plain, { login: 'alice', clock: true }), { page } = v;
    await look(page, 'hidden');
    await expires(page);
    await press(page, 'Call the API');
    await told(page, 'The request: hello, alice.');
    assert.equal(v.count('GET', '/test_jwt', 401), 0);
    assert.equal(v.count('POST', '/auth/refresh', 201), 1);
    await v.leave();
  });

  await check('tokens: three requests refused at once make one refresh, and each is repeated', async () => {
    const v = await Visitor.arrive(browser, plain, { login: 'alice' }), { page } = v;
    await press(page, 'Spoil the token, call three times');
    for (const name of ['First', 'Second', 'Third']) await told(page, `${name} request: hello, alice.`);
    assert.equal(v.count('GET', '/test_jwt', 401), 3);
    assert.equal(v.count('POST', '/auth/refresh', 201), 1);
    assert.equal(v.count('GET', '/test_jwt', 200), 3);
    assert.equal(await timeline(page, 'Renewed because a request was refused.').count(), 1);
    await v.leave();
  });

  await check('tokens: a reload keeps the session, and nobody has to log in', async () => {
    const v = await Visitor.arrive(browser, plain, { login: 'alice' }), { page } = v;
    const sid = decoded((await shownToken(page)).split('.')[1]).sid;
    for (let i = 0; i < 3; i++) {
      await page.reload();
      await inside(page, 'alice');
      assert.equal(decoded((await shownToken(page)).split('.')[1]).sid, sid);
    }
    await told(page, 'The cookie was good for an access token.');
    assert.equal(v.count('POST', '/login', 200), 1);
    await v.leave();
  });

  await check('tokens: renewed by hand, it is another token of the same session', async () => {
    const v = await Visitor.arrive(browser, plain, { login: 'alice' }), { page } = v;
    const before = decoded((await shownToken(page)).split('.')[1]);
    await press(page, 'Renew now');
    await told(page, 'Renewed because you asked.');
    const after = decoded((await shownToken(page)).split('.')[1]);
    assert.equal(after.sid, before.sid);
    assert.notEqual(after.jti, before.jti);
    await v.leave();
  });
};
