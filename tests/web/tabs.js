/* tabs.js - one browser, several tabs, one cookie. */
'use strict';
const assert = require('node:assert/strict');
const { Visitor, press, inside, outside, timeline, told } = require('./visitor');

module.exports = async (check, browser, serve) => {
  const plain = await serve('--debug'), strict = await serve('--debug', '--window', '1s');
  await check('tabs: a second tab is logged in already', async () => {
    const v = await Visitor.arrive(browser, plain, { login: 'alice' });
    const [second] = await Promise.all([v.context.waitForEvent('page'),
      v.page.getByRole('link', { name: 'Open a second tab' }).click()]);
    await inside(second, 'alice');
    assert.equal(v.count('POST', '/login', 200), 1);
    await v.leave();
  });

  /* Each refresh is held for a moment before it goes out: without the lock they would meet there. */
  await check('tabs: four renew at once, again and again; each waits its turn, and all stay in', async () => {
    const v = await Visitor.arrive(browser, strict, { login: 'bob' });
    let under = 0, most = 0;
    await v.context.route('**/auth/refresh', async route => {
      most = Math.max(most, ++under);
      await new Promise(done => setTimeout(done, 50));
      under--;
      await route.continue();
    });
    const tabs = [v.page, await v.tab(), await v.tab(), await v.tab()];
    for (let round = 1; round <= 5; round++) {
      await Promise.all(tabs.map(page => press(page, 'Renew now')));
      const asked = page => timeline(page, 'Renewed because you asked.').nth(round - 1).waitFor();
      await Promise.all(tabs.map(asked));
    }
    await Promise.all(tabs.map(page => page.reload()));
    await Promise.all(tabs.map(page => inside(page, 'bob')));
    for (const page of tabs) assert.equal(await timeline(page, 'The session is over').count(), 0);
    assert.equal(v.count('POST', '/auth/refresh', 401), 1);        /* the very first visit */
    assert.equal(most, 1);
    await v.leave();
  });

  await check('tabs: without the lock the window of the server forgives two at once', async () => {
    const v = await Visitor.arrive(browser, plain, { login: 'alice' });
    await press(v.page, 'Renew twice at once');
    await timeline(v.page, 'Within the window both get the same successor.').nth(1).waitFor();
    await press(v.page, 'Renew now');
    await told(v.page, 'Renewed because you asked.');
    await v.leave();
  });

  await check('tabs: who logs out in one is out in the others', async () => {
    const v = await Visitor.arrive(browser, plain, { login: 'alice' });
    const second = await v.tab();
    await inside(second, 'alice');
    await press(v.page, 'Log out');
    await Promise.all([outside(v.page), outside(second)]);
    await v.leave();
  });

  await check('tabs: who logs in in one is in in the others, and as the same user', async () => {
    const v = await Visitor.arrive(browser, plain);
    const second = await v.tab();
    await v.login('alice');
    await inside(second, 'alice');
    const third = await v.tab();
    await v.context.clearCookies();
    await third.reload();
    await outside(third);
    await v.login('bob', { page: third });
    await inside(v.page, 'bob');
    await inside(second, 'bob');
    await told(second, 'Another tab logged in as bob.');
    await v.leave();
  });
};
