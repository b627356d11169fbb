/* attacks.js - what a page like this must not do: run text from outside, leave tokens lying about, obey other
   sites. */
'use strict';
const assert = require('node:assert/strict');
const http = require('node:http');
const { Visitor, inside, press, shownToken, told } = require('./visitor');

const EVIL = '<img src=x onerror="window.hit=1">';

/* A page of another origin, whose script and form aim at the demo server. */
function evilSite(target) {
  const page = `<!doctype html><form method="post" enctype="text/plain" action="${target}/auth/refresh">
    <input name='{"a":"' value='"}'></form><script>
    const post = { method: 'POST', credentials: 'include', body: '{}' };
    window.done = Promise.allSettled([
      fetch('${target}/auth/refresh', { ...post, mode: 'no-cors' }),
      fetch('${target}/auth/refresh', { ...post, headers: { 'Content-Type': 'application/json' } }),
      fetch('${target}/debug/steal', { ...post, mode: 'no-cors' }),
      fetch('${target}/sessions', { credentials: 'include' }),
    ]).then(all => all.map(r => r.status === 'rejected' ? 'blocked' : r.value.type));
    const frame = document.createElement('iframe');
    frame.src = '${target}/';
    document.documentElement.append(frame);</script>`;
  return new Promise(yes => {
    const server = http.createServer((q, r) => r.setHeader('Content-Type', 'text/html').end(page));
    server.listen(0, '127.0.0.1', () => yes({
      port: server.address().port,
      end: () => { server.closeAllConnections(); server.close(); },
    }));
  });
}

module.exports = async (check, browser, serve) => {
  const plain = await serve('--debug');
  await check('attacks: a label full of markup is shown as text, here and on the other device', async () => {
    const v = await Visitor.arrive(browser, plain, { login: 'alice', label: EVIL });
    const other = await Visitor.arrive(browser, plain, { login: 'alice' });
    for (const { page } of [v, other]) {
      await page.locator('#devices strong', { hasText: EVIL }).first().waitFor();
      assert.equal(await page.locator('#devices img').count(), 0);
      assert.equal(await page.evaluate(() => window.hit), undefined);
    }
    await press(other.page, `End ${EVIL}`);
    await told(other.page, `Ended: ${EVIL}.`);
    assert.equal(await other.page.locator('img').count(), 0);
    await other.leave();
    await v.leave();
  });

  await check('attacks: answers full of markup, claims and errors alike, are shown as text', async () => {
    const v = await Visitor.arrive(browser, plain), { page } = v;
    const part = o => Buffer.from(JSON.stringify(o)).toString('base64url');
    await page.route('**/login', route => route.fulfill({ json: { username: EVIL, roles: [EVIL], sid: 's',
      expiresIn: 900, refreshExpiresIn: 900,
      accessToken: `${part({ alg: EVIL })}.${part({ sub: EVIL, [EVIL]: [EVIL] })}.c2ln` } }));
    await page.route('**/sessions', route => route.fulfill({ json: { sessions: [{ id: EVIL, label: EVIL,
      created: 1, lastUsed: 1, current: true }] } }));
    await page.route('**/test_jwt', route => route.fulfill({ status: 500, json: { error: EVIL } }));
    await page.getByLabel('User name').fill('x');
    await page.getByLabel('Password').fill('x');
    await press(page, 'Log in');
    await page.locator('#devices strong', { hasText: EVIL }).waitFor();
    await press(page, 'Call the API');
    await told(page, `500 ${EVIL}`);
    assert.equal(await page.locator('#user').textContent(), EVIL);
    assert.equal(await page.locator('img').count(), 0);
    assert.equal(await page.evaluate(() => window.hit), undefined);
    v.problems = v.problems.filter(text => !/500/.test(text));
    await v.leave();
  });

  await check('attacks: no token is stored, in an address, or in reach of another script', async () => {
    const v = await Visitor.arrive(browser, plain, { login: 'alice' }), { page } = v;
    const token = await shownToken(page);
    await page.reload();
    await inside(page, 'alice');
    const left = await page.evaluate(async () => JSON.stringify([{ ...localStorage }, { ...sessionStorage },
      await indexedDB.databases(), await caches.keys(), document.cookie, location.href, history.state,
      Object.keys(window).map(k => window[k]).filter(value => typeof value === 'string')]));
    assert.ok(!left.includes(token.split('.')[0]), left);
    const [{ value, expires, ...cookie }, ...more] = await v.context.cookies();
    assert.deepEqual(more, []);
    assert.ok(!left.includes(value), left);
    assert.equal(await page.evaluate(() => document.cookie), '');
    assert.deepEqual(cookie, { name: '__Host-refresh', httpOnly: true, secure: true, sameSite: 'Strict',
      path: '/', domain: '127.0.0.1' });
    assert.ok(expires > Date.now() / 1000 + 86400);
    assert.deepEqual(await page.evaluate(() => ['access', 'renew', 'story'].map(n => typeof window[n])),
      ['undefined', 'undefined', 'undefined']);
    await v.leave();
  });

  /* The same site on another port gets the cookie sent along; "localhost" is another site. */
  for (const host of ['127.0.0.1', 'localhost']) {
    await check(`attacks: a page of another port of ${host} gets nothing and changes nothing`, async () => {
      const v = await Visitor.arrive(browser, plain, { login: 'alice' });
      const evil = await evilSite(plain.url);
      const [before] = await v.context.cookies();
      const refused = plain.events('cross_site_refused').length;
      const tab = await v.context.newPage();
      await tab.goto(`http://${host}:${evil.port}/`);
      assert.deepEqual(await tab.evaluate(() => window.done), ['blocked', 'blocked', 'blocked', 'blocked']);
      assert.equal(tab.frames().some(f => f.url().startsWith(plain.url)), false);
      await Promise.all([tab.waitForNavigation(), tab.evaluate(() => document.forms[0].submit())]);
      assert.match(await tab.content(), /cross_site|invalid_request/);
      assert.ok(plain.events('cross_site_refused').length > refused);
      assert.deepEqual((await v.context.cookies()).map(c => c.value), [before.value]);
      await press(v.page, 'Renew now');
      await told(v.page, 'Renewed because you asked.');
      evil.end();
      await v.leave();
    });
  }

  await check('attacks: the page runs nothing that stands in it, and makes no markup of text', async () => {
    const v = await Visitor.arrive(browser, plain), { page } = v;
    const policy = (await page.reload()).headers()['content-security-policy'];
    assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self';/);
    const violations = await page.evaluate(() => new Promise(done => {
      const seen = [];
      document.addEventListener('securitypolicyviolation', e => {
        seen.push(e.effectiveDirective);
        if (seen.length === 2) done(seen);
      });
      for (const tag of ['script', 'style']) {
        const node = document.createElement(tag);
        node.append('window.hit = 1');
        document.head.append(node);
      }
    }));
    assert.deepEqual(violations.sort(), ['require-trusted-types-for', 'style-src-elem']);
    await assert.rejects(page.evaluate(() => { document.body.innerHTML = '<b>x</b>'; }), /TrustedHTML/);
    assert.equal(await page.evaluate(() => window.hit), undefined);
    v.problems = [];
    await v.leave();
  });
};
