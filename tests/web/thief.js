/* thief.js - the story: a stolen refresh token ends the session of both, and nothing else. */
'use strict';
const assert = require('node:assert/strict');
const { Visitor, press, inside, outside, told } = require('./visitor');

module.exports = async (check, browser, serve) => {
  const strict = await serve('--debug', '--window', '1s');
  await check('thief: step by step, both are out, the other device lives', async () => {
    const phone = await Visitor.arrive(browser, strict, { login: 'alice', label: 'phone' });
    const v = await Visitor.arrive(browser, strict, { login: 'alice', label: 'laptop' }), { page } = v;
    const before = strict.events('replay').length;
    const step = async (name, number, text) => {
      await press(page, name);
      await page.locator('#steps li').nth(number - 1).filter({ hasText: text }).waitFor();
    };
    await step('Steal my refresh token', 1, 'nobody can notice yet');
    await inside(page, 'alice');
    await step('Next: the thief spends it', 2, 'does not know');
    await inside(page, 'alice');
    assert.equal(strict.events('replay').length, before);
    await step('Next: you come back', 3, 'it ended the session');
    await outside(page);
    await told(page, 'TA_ERR_REPLAY');
    assert.equal(strict.events('replay').length, before + 1);
    await step('Next: the thief tries again', 4, 'Refused.');
    await told(page, 'Is out, too.');
    await told(page, 'The access token he got is refused as well.');
    await v.shot('thief-light');

    await press(phone.page, 'Renew now');
    await told(phone.page, 'Renewed because you asked.');
    await press(page, 'Close the story');
    await v.login('alice');
    await press(page, 'Call the API');
    await told(page, 'The request: hello, alice.');
    await v.leave();
    await phone.leave();
  });

  await check('thief: a logout ends his copy as well', async () => {
    const v = await Visitor.arrive(browser, strict, { login: 'bob' }), { page } = v;
    await press(page, 'Steal my refresh token');
    await page.locator('#steps li').first().waitFor();
    await press(page, 'Log out');
    await outside(page);
    await press(page, 'Next: the thief spends it');
    await page.locator('#steps li', { hasText: 'He is refused' }).waitFor();
    await v.leave();
  });
};
