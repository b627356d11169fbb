/* login.js - getting in and out, with and without a mouse. */
'use strict';
const assert = require('node:assert/strict');
const { Visitor, press, inside, outside, told } = require('./visitor');
const { PASSWORD } = require('../js/server');

/* What the browser tells a screen reader: every control and every region must have a name. */
async function namelessNodes(page) {
  const cdp = await page.context().newCDPSession(page);
  const { nodes } = await cdp.send('Accessibility.getFullAXTree');
  const named = ['button', 'link', 'textbox', 'heading', 'region', 'complementary', 'log', 'form'];
  const found = nodes.filter(n => !n.ignored && named.includes(n.role?.value));
  assert.ok(found.length > 5, `${found.length} nodes found`);
  return found.filter(n => !n.name?.value && n.role.value !== 'form').map(n => n.role.value);
}

module.exports = async (check, browser, serve) => {
  const plain = await serve('--debug'), bare = await serve();
  await check('login: a wrong password is refused aloud, the right one opens', async () => {
    const v = await Visitor.arrive(browser, plain);
    await v.page.getByLabel('User name').fill('alice');
    await v.page.getByLabel('Password').fill('not this');
    await press(v.page, 'Log in');
    await v.page.getByRole('alert').filter({ hasText: /./ }).waitFor();
    await told(v.page, 'The login is refused.');
    assert.equal(await v.page.locator('#inside').isVisible(), false);
    await v.login('alice');
    assert.equal(await v.page.title(), 'alice · tokenauth.h');
    assert.equal(await v.page.getByRole('alert').isVisible(), false);
    await v.leave();
  });

  await check('login: with the keyboard alone; the focus goes where the news is', async () => {
    const v = await Visitor.arrive(browser, plain), { page } = v;
    const focused = () => page.evaluate(() => document.activeElement.id);
    const tabTo = async id => {
      for (let i = 0; i < 30 && await focused() !== id; i++) await page.keyboard.press('Tab');
      assert.equal(await focused(), id);
    };
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to the timeline');
    await tabTo('username');
    await page.keyboard.type('bob');
    await tabTo('password');
    await page.keyboard.type(PASSWORD.bob);
    await page.keyboard.press('Enter');
    await inside(page, 'bob');
    assert.equal(await focused(), 'access-title');
    await tabTo('everywhere');
    await tabTo('next');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');          /* "Log out here" stands before "Log out everywhere" */
    await outside(page);
    assert.equal(await focused(), 'username');
    await v.leave();
  });

  await check('login: all controls, regions and headings have names, before and after', async () => {
    const v = await Visitor.arrive(browser, plain);
    assert.deepEqual(await namelessNodes(v.page), []);
    assert.equal(await v.page.getByRole('heading', { level: 1 }).count(), 1);
    await v.login('alice');
    await v.page.getByRole('button', { name: /^Log out here: / }).waitFor();
    assert.deepEqual(await namelessNodes(v.page), []);
    for (const name of ['Your access token', 'Header', 'Claims', 'Signature', 'Your refresh token', 'Try it',
      'Your devices', 'A thief']) {
      await v.page.getByRole('region', { name, exact: true }).waitFor();
    }
    await v.page.getByRole('log', { name: 'Timeline' }).waitFor();
    await v.page.getByRole('timer').waitFor();
    assert.equal(await v.page.getByRole('heading', { level: 1 }).count(), 1);
    await v.leave();
  });

  await check('login: a demo user fills in the form', async () => {
    const v = await Visitor.arrive(browser, plain);
    await press(v.page, 'admin');
    await press(v.page, 'Log in');
    await inside(v.page, 'admin');
    await v.page.locator('#roles', { hasText: 'admin' }).waitFor();
    await v.leave();
  });

  await check('logout: the cookie and everything on the page are gone', async () => {
    const v = await Visitor.arrive(browser, plain, { login: 'alice' });
    assert.equal((await v.context.cookies()).length, 1);
    await press(v.page, 'Log out');
    await outside(v.page);
    assert.deepEqual(await v.context.cookies(), []);
    assert.equal(await v.page.locator('#inside').evaluate(n => n.innerText.includes('alice')), false);
    assert.equal(await v.page.locator('#token').textContent(), '..');
    await v.page.reload();
    await told(v.page, 'There is no session');
    await v.leave();
  });

  await check('login: no answer at all is said aloud, and the focus stays where it was', async () => {
    const v = await Visitor.arrive(browser, plain), { page } = v;
    await press(page, 'alice');
    await v.context.setOffline(true);
    await page.keyboard.press('Enter');
    await page.getByRole('alert').filter({ hasText: 'The server does not answer.' }).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.id), 'login-button');
    await v.context.setOffline(false);
    await page.keyboard.press('Enter');
    await inside(page, 'alice');
    await v.leave();
  });

  await check('logout: pressed while the last refresh is under way, which finds the session over', async () => {
    const v = await Visitor.arrive(browser, plain, { login: 'alice' }), { page } = v;
    const asked = page.waitForRequest('**/auth/refresh');
    let go;
    const pressed = new Promise(yes => { go = yes; });
    await page.route('**/auth/refresh', async route => {
      await pressed;
      await route.fulfill({ status: 401, json: { error: 'invalid_grant', client: 'login' } });
    });
    await press(page, 'Renew now');
    await asked;
    await press(page, 'Log out');
    go();
    await outside(page);
    await page.evaluate(() => navigator.locks.request('tokenauth refresh', () => {}));
    assert.equal(await page.getByText('You are NOT logged out').count(), 0);
    await v.leave();
  });

  await check('a server without --debug has no thief and loses nothing; the page says so', async () => {
    const v = await Visitor.arrive(browser, bare, { login: 'alice' });
    await v.page.getByText('Started with make server ARGS=--debug').waitFor();
    for (const name of ['Lose the next answers', 'Let the store fail', 'Steal my refresh token']) {
      assert.equal(await v.page.getByRole('button', { name }).count(), 0, name);
    }
    v.problems = v.problems.filter(text => !/404/.test(text));     /* GET /debug is not found there */
    await v.leave();
  });
};
