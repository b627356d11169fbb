/* devices.js - the list of sessions, and ending them. */
'use strict';
const assert = require('node:assert/strict');
const { Visitor, press, inside, outside, told } = require('./visitor');

const names = page => page.locator('#devices strong').allTextContents();
const device = (page, name) =>
  page.locator('#devices li', { has: page.locator('strong', { hasText: name }) });

module.exports = async (check, browser, serve) => {
  const plain = await serve('--debug');
  await check('devices: one ends the other, which is out at its next request', async () => {
    const laptop = await Visitor.arrive(browser, plain, { login: 'admin', label: 'laptop' });
    const phone  = await Visitor.arrive(browser, plain, { login: 'admin', label: 'phone' });
    await laptop.page.reload();
    await device(laptop.page, 'phone').waitFor();
    assert.equal(await device(laptop.page, 'laptop').getByText('this one').count(), 1);
    assert.equal(await device(laptop.page, 'phone').getByText('this one').count(), 0);
    await press(laptop.page, 'End phone');
    await told(laptop.page, 'Ended: phone.');
    await device(laptop.page, 'phone').waitFor({ state: 'detached' });
    assert.equal(await laptop.page.evaluate(() => document.activeElement.id), 'devices-title');
    await press(phone.page, 'Call the API');
    await outside(phone.page);
    await press(laptop.page, 'Call the API');
    await told(laptop.page, 'The request: hello, admin.');
    await laptop.leave();
    await phone.leave();
  });

  await check('devices: nobody sees the devices of somebody else', async () => {
    const bob = await Visitor.arrive(browser, plain, { login: 'bob', label: "bob's" });
    const alice = await Visitor.arrive(browser, plain, { login: 'alice', label: "alice's" });
    await device(alice.page, "alice's").waitFor();
    assert.ok(!(await names(alice.page)).includes("bob's"));
    await alice.leave();
    await bob.leave();
  });

  await check('devices: a list that arrives late is not shown to who logged in meanwhile', async () => {
    const v = await Visitor.arrive(browser, plain, { login: 'alice', label: "alice's" }), { page } = v;
    await device(page, "alice's").first().waitFor();
    let release;
    const late = new Promise(yes => { release = yes; });
    await page.route('**/sessions', async route => {
      const response = await route.fetch();
      await late;
      await route.fulfill({ response });
    }, { times: 1 });
    const asked = page.waitForRequest('**/sessions');
    await press(page, 'Renew now');
    const answered = (await asked).response();
    await press(page, 'Log out');
    await outside(page);
    await v.login('bob', { label: "bob's" });
    await device(page, "bob's").first().waitFor();
    release();
    await (await answered).finished();
    await press(page, 'Call the API');
    await told(page, 'The request: hello, bob.');
    assert.ok(!(await names(page)).includes("alice's"), 'the devices of alice are shown to bob');
    await v.leave();
  });

  await check('devices: log out everywhere', async () => {
    const one = await Visitor.arrive(browser, plain, { login: 'bob' });
    const two = await Visitor.arrive(browser, plain, { login: 'bob' });
    await press(one.page, 'Log out everywhere');
    await outside(one.page);
    await press(two.page, 'Call the API');
    await outside(two.page);
    await one.login('bob');
    await inside(one.page, 'bob');
    await one.leave();
    await two.leave();
  });
};
