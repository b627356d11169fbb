// differential.mjs - tokenauth.h against what others make of the same input. Use: node differential.mjs PEER CASES SEED
// Four parts: JSON texts (JSON.parse, SQLite), HMAC (OpenSSL), tokens of theirs and of ours, tokens gone wrong.
// Where we refuse what another accepts, one of our rules has to name the reason, and the input has to be of its kind:
// a difference without one fails, and so does a rule that never applied in a run of 20,000 or more. What we accept,
// all of them have to accept.

import { spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { createInterface } from 'node:readline'
import { createVerifier, createSigner } from 'fast-jwt'
import * as jose from 'jose'
import jsonwebtoken from 'jsonwebtoken'

const [peerPath, casesText, seedText] = process.argv.slice(2)
const CASES = Number(casesText), SEED = BigInt(seedText)

// ---- repeatable chance (splitmix64) -------------------------------------------------------------------

let state = SEED
const next = () => {
  state = (state + 0x9E3779B97F4A7C15n) & 0xFFFFFFFFFFFFFFFFn
  let z = state
  z = ((z ^ (z >> 30n)) * 0xBF58476D1CE4E5B9n) & 0xFFFFFFFFFFFFFFFFn
  z = ((z ^ (z >> 27n)) * 0x94D049BB133111EBn) & 0xFFFFFFFFFFFFFFFFn
  return Number((z ^ (z >> 31n)) & 0xFFFFFFFFn)
}
const below = n => next() % n
const pick = list => list[below(list.length)]
const bytes = n => Buffer.from(Array.from({ length: n }, () => below(256)))

// ---- the peer: one line there, one line back --------------------------------------------------------------

const peer = spawn(peerPath, { stdio: ['pipe', 'pipe', 'inherit'] })
const waiting = []
createInterface({ input: peer.stdout }).on('line', line => waiting.shift()(line))
peer.on('exit', code => { if (waiting.length) { console.log(`FAILED the peer ended with ${code}`); process.exit(1) } })
const ask = (...words) => new Promise(done => { waiting.push(done); peer.stdin.write(words.join(' ') + '\n') })
const hex = data => Buffer.from(data).toString('hex')

// ---- verdicts, rules, the sum ---------------------------------------------------------------------------

const used = new Map()              // rule -> how often
const known = new Set()
let compared = 0, bad = 0
const apply = rule => used.set(rule, (used.get(rule) ?? 0) + 1)
const fail = (what, input) => { if (bad++ < 20) console.log(`FAILED ${what}: ${JSON.stringify(input.toString('latin1'))}`) }

// rules: [name, does it fit?]; the first that fits explains the difference
const explain = (what, rules, input, ...more) => {
  const rule = rules.find(([, fits]) => fits(input, ...more))
  if (rule) apply(rule[0])
  else fail(what, input)
}
const listRules = rules => rules.forEach(([name]) => known.add(name))

// ---- JSON ----------------------------------------------------------------------------------------------

const GOOD = ['""', '"a"', '"b c"', '"\\u0061"', '"\\u0000"', '"\\ud83d\\ude00"', '"é"', '"\\n\\t\\""', '"😀"', '0', '-0', '1', '-1.5',
  '1e9', '1E-2', '0.10', '9007199254740993', '1e400', 'true', 'false', 'null']
const ODD = ['"\\x"', '"\\ud83d"', '01', '1.', '.5', '+1', '1e', '-', 'nul', 'NaN', "'a'", '"a\u0007"', '"\t"']
const scalar = () => pick(below(25) ? GOOD : ODD)
const space = () => pick(below(60) ? ['', '', '', ' ', '\n', '\t ', '\r'] : ['\f', '\u00a0', '\v'])
const value = depth => {
  const kind = below(depth > 0 ? 4 : 2)
  if (kind < 2) return scalar()
  const items = Array.from({ length: below(5) }, (_, i) => kind === 2 ? value(depth - 1)
    : pick([`"k${i}"`, `"k${i}"`, `"k${i}"`, '"a"', '"\\u0061"']) + space() + ':' + space() + value(depth - 1))
  return (kind === 2 ? '[' : '{') + space() + items.join(space() + ',' + space()) + space() + (kind === 2 ? ']' : '}')
}
const mutate = buffer => {
  const at = below(buffer.length + 1)
  return pick([
    () => Buffer.concat([buffer.subarray(0, at), Buffer.from(pick(['"', '\\', ',', '{', '}', '[', ']', ':', '0', 'e', ' '])), buffer.subarray(at)]),
    () => Buffer.concat([buffer.subarray(0, at), buffer.subarray(at + 1)]),
    () => Buffer.concat([buffer.subarray(0, at), bytes(1), buffer.subarray(at + 1)]),
    () => buffer.subarray(0, at)
  ])()
}
const jsonText = () => {
  const special = below(200)
  if (special === 0) return Buffer.from('['.repeat(40) + ']'.repeat(40))
  if (special === 1) return Buffer.from('{' + Array.from({ length: 140 }, (_, i) => `"n${i}":1`) + '}')
  if (special === 2) return Buffer.from('\ufeff{}')
  if (special === 3) return Buffer.concat([Buffer.from('{}\0'), bytes(3)])
  const text = Buffer.from(space() + value(3) + space())
  return below(2) ? text : mutate(text)
}

const isUtf8 = b => { try { new TextDecoder('utf-8', { fatal: true }).decode(b); return true } catch { return false } }
const parses = b => { try { JSON.parse(b.toString('utf8')); return true } catch { return false } }
// The names of each object, unescaped, as a parser sees them: JSON.parse drops all but the last of a pair.
const hasDouble = text => {
  const open = []
  let i = 0
  while (i < text.length) {
    const c = text[i]
    if (c === '"') {
      const start = i
      for (i++; i < text.length && text[i] !== '"'; i++) if (text[i] === '\\') i++
      const top = open.at(-1)
      if (top?.names && top.name) {
        const name = JSON.parse(text.slice(start, i + 1))
        if (top.names.has(name)) return true
        top.names.add(name)
        top.name = false
      }
    } else if (c === '{') open.push({ names: new Set(), name: true })
    else if (c === '[') open.push({})
    else if (c === '}' || c === ']') open.pop()
    else if (c === ',' && open.at(-1)?.names) open.at(-1).name = true
    i++
  }
  return false
}
const loneSurrogate = text => (text.match(/"(\\.|[^"\\])*"/g) ?? []).some(s => !JSON.parse(s).isWellFormed())
const depth = text => { let d = 0, most = 0; for (const c of text.replace(/"(\\.|[^"\\])*"/g, '')) { if ('[{'.includes(c)) most = Math.max(most, ++d); if (']}'.includes(c)) d-- } return most }

const NODE_RULES = [            // we refuse, JSON.parse accepts
  ['utf-8: RFC 3629 to the letter; Node puts a question mark instead', b => !isUtf8(b)],
  ['duplicate names are refused at every level', (b, st) => st === 'TA_ERR_DUPLICATE' && hasDouble(b.toString())],
  ['\\u escapes have to pair up', b => loneSurrogate(b.toString())],
  ['limits: 32 levels, 128 members', (b, st) => st === 'TA_ERR_LIMIT' && (depth(b.toString()) > 32 || b.toString().split(':').length > 129)]
]
const SQLITE_RULES = [          // we refuse, SQLite accepts
  ['SQLite reads no UTF-8 inside of strings', b => !isUtf8(b)],
  ['SQLite: a NUL ends the text', b => b.includes(0) && parses(b.subarray(0, b.indexOf(0)))],
  ['SQLite: duplicate names are allowed', (b, st) => st === 'TA_ERR_DUPLICATE' && hasDouble(b.toString())],
  ['SQLite: a \\u escape is any four digits', b => parses(b) && loneSurrogate(b.toString())],
  ['SQLite: more levels and members', (b, st) => st === 'TA_ERR_LIMIT' && parses(b)],
]
listRules(NODE_RULES)
listRules(SQLITE_RULES)

const jsonCase = async () => {
  const b = jsonText()
  const [st, sqlite] = (await ask('json', hex(b))).split(' ')
  const ours = st === 'TA_OK', node = parses(b)
  if (ours && !node) fail('we accept, JSON.parse refuses', b)
  if (!ours && node) explain(`${st}, JSON.parse accepts`, NODE_RULES, b, st)
  if (ours && sqlite !== '1') fail('we accept, SQLite refuses', b)
  if (!ours && sqlite === '1') explain(`${st}, SQLite accepts`, SQLITE_RULES, b, st)
}

// ---- HMAC -----------------------------------------------------------------------------------------------

const hmacCase = async () => {
  const key = bytes(below(140)), text = bytes(below(300))
  if (await ask('hmac', hex(key) || '00', hex(text)) !== 'equal') fail('HMAC differs from OpenSSL', text)
}

// ---- whole tokens -------------------------------------------------------------------------------------------

const NOW = 1_700_000_000
const claim = () => pick([
  () => below(1e9), () => -below(1000), () => below(1e6) / 8, () => pick(['', 'a', 'é', '😀', 'a"b\\', 'line\nbreak']), () => true, () => null,
  () => Array.from({ length: below(4) }, claim), () => Object.fromEntries(Array.from({ length: below(4) }, (_, i) => [`k${i}`, claim()]))
])()
const claims = () => {
  const c = { sub: pick(['alice', 'bob', 'zoë']) }
  if (below(2)) c.exp = NOW + 1 + below(1000)
  if (below(3) === 0) c.nbf = NOW - below(1000)
  if (below(3) === 0) c.iat = NOW - below(1000)
  for (let i = below(5); i > 0; i--) c[pick(['scope', 'x', 'roles', 'jti', 'ünï'])] = claim()
  if ('jti' in c) c.jti = String(c.jti)
  return c
}
const same = (a, b) => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))
const sorted = v => v && typeof v === 'object' && !Array.isArray(v) ? Object.fromEntries(Object.keys(v).sort().map(k => [k, sorted(v[k])]))
  : Array.isArray(v) ? v.map(sorted) : v

// What each library says of a token at NOW: its claims, or undefined.
const readers = {
  jsonwebtoken: (t, key) => jsonwebtoken.verify(t, key, { algorithms: ['HS256'], clockTimestamp: NOW }),
  jose: async (t, key) => (await jose.jwtVerify(t, key, { algorithms: ['HS256'], currentDate: new Date(NOW * 1000) })).payload,
  'fast-jwt': (t, key) => createVerifier({ key, algorithms: ['HS256'], clockTimestamp: NOW * 1000 })(t)
}
const writers = {
  jsonwebtoken: (c, key) => jsonwebtoken.sign(c, key, { noTimestamp: true }),
  jose: (c, key) => new jose.SignJWT(c).setProtectedHeader({ alg: 'HS256' }).sign(key),
  'fast-jwt': (c, key) => createSigner({ key, noTimestamp: true })(c)
}
const read = async (name, token, key) => { try { return await readers[name](token, key) } catch { return undefined } }
const verify = async (key, token) => {
  const answer = await ask('verify', hex(key), NOW, hex(token))
  return answer.startsWith('TA_OK ') ? { st: 'TA_OK', claims: JSON.parse(answer.slice(6)) } : { st: answer }
}

const tokenCase = async () => {
  const key = bytes(32 + below(64)), c = claims(), name = pick(Object.keys(writers))
  const theirs = await writers[name](c, key)
  const got = await verify(key, theirs)
  if (got.st !== 'TA_OK' || !same(got.claims, object(part(theirs, 1)))) fail(`a token of ${name}: ${got.st}`, Buffer.from(theirs))
  const ours = await ask('sign', hex(key), hex(JSON.stringify(c)))
  for (const reader of Object.keys(readers)) {
    const back = await read(reader, ours, key)
    if (!back || !same(back, c)) fail(`our token, read by ${reader}`, Buffer.from(ours))
  }
}

// A token with a good MAC around anything, or a good token with something changed afterwards.
const b64 = data => Buffer.from(data).toString('base64url')
const signed = (header, payload, key) => {
  const head = b64(header) + '.' + b64(payload)
  return head + '.' + createHmac('sha256', key).update(head).digest('base64url')
}
const HEADERS = ['{"alg":"HS256"}', '{"alg":"HS256","typ":"JWT"}', '{"alg":"none"}', '{"alg":"HS384"}', '{"alg":"HS256","crit":["x"]}', '{"alg":"hs256"}',
  '{"alg":"HS256","alg":"HS256"}', '{"typ":"JWT"}', '["HS256"]', '{"alg":["HS256"]}', '{"alg":"HS256","kid":7}', '{"alg":"HS256","b64":false,"crit":["b64"]}',
  '{"alg":"HS256"', '{"alg":"HS256","crit":[]}']
const PAYLOADS = ['{"exp":1}', `{"exp":${NOW}}`, `{"exp":${NOW}.5}`, `{"exp":${NOW + 1}}`, `{"nbf":${NOW}}`, `{"nbf":${NOW + 1}}`, `{"nbf":${NOW}.5}`, '{"exp":"x"}', '{"exp":null}',
  '{"exp":1e30}', '{"iat":"x"}', `{"iat":${NOW + 500}}`, '{"a":1,"a":2}', '[1]', '"text"', '5', 'null', '{', '', '{"sub":7}', '{"nbf":true}', '{"x":"\\ud800"}', '{"a":1} ']
const wrongToken = key => {
  const good = signed(pick(HEADERS.slice(0, 2)), `{"sub":"a","exp":${NOW + 9}}`, key)
  const at = below(good.length)
  return pick([
    () => signed(pick(HEADERS), pick(PAYLOADS), key), () => signed(pick(HEADERS), '{"sub":"a"}', key), () => signed(HEADERS[0], pick(PAYLOADS), key),
    () => good.slice(0, at), () => good + pick(['=', 'A', '.', ' ', '\n', '.x']), () => good.slice(0, at) + pick([...'ABCabc09-_+/=. ']) + good.slice(at + 1),
    () => good.slice(0, -1) + pick([...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_']),
    () => good.replaceAll('-', '+').replaceAll('_', '/'), () => ' ' + good, () => signed(HEADERS[0], '{"sub":"a"}', bytes(32)), () => good.split('.').reverse().join('.')
  ])()
}
const segments = t => t.split('.')
const canonical = t => segments(t).length === 3 && segments(t).every(s => /^[A-Za-z0-9_-]*$/.test(s) && Buffer.from(s, 'base64url').toString('base64url') === s)
const part = (t, i) => Buffer.from(segments(t)[i] ?? '', 'base64url').toString()
const object = text => { try { const v = JSON.parse(text); return v && typeof v === 'object' && !Array.isArray(v) ? v : undefined } catch { return undefined } }
const date = (c, name) => typeof c?.[name] === 'number' ? c[name] : undefined

const STRICTER = [              // we refuse, a library accepts
  ['base64url is canonical: one spelling, no padding, no white space', t => !canonical(t)],
  ['duplicate names, in header and claims', (t, st) => st === 'TA_ERR_DUPLICATE' && (hasDouble(part(t, 0)) || hasDouble(part(t, 1)))],
  ['any crit is refused, an empty one too', (t, st) => st === 'TA_ERR_CRIT' && 'crit' in (object(part(t, 0)) ?? {})],
  ['claims are one JSON object', (t, st) => st === 'TA_ERR_JSON' && !object(part(t, 1))],
  ['\\u escapes in claims have to pair up', (t, st) => st === 'TA_ERR_JSON' && /\\ud800/.test(part(t, 1))],
  ['exp, nbf, iat are numbers within 64 bits', (t, st) => st === 'TA_ERR_CLAIM' && ['exp', 'nbf', 'iat'].some(n => {
    const c = object(part(t, 1)); return c && n in c && (typeof c[n] !== 'number' || Math.abs(c[n]) > 2 ** 63) })],
  ['exp: a token is over in the second of exp', (t, st) => st === 'TA_ERR_EXPIRED' && date(object(part(t, 1)), 'exp') <= NOW],
]
listRules(STRICTER)

const wrongCase = async () => {
  const key = bytes(32), t = wrongToken(key), ours = await verify(key, t)
  for (const reader of Object.keys(readers)) {
    const theirs = await read(reader, t, key)
    if (theirs !== undefined && ours.st !== 'TA_OK') explain(`${ours.st}, ${reader} accepts`, STRICTER.map(([n, f]) => [n, x => f(x, ours.st)]), t)
    else if (theirs === undefined && ours.st === 'TA_OK') fail(`we accept, ${reader} refuses`, t)
    else if (theirs !== undefined && !same(ours.claims, theirs)) fail(`${reader} reads other claims`, t)
  }
}

// ---- run -----------------------------------------------------------------------------------------------------

const PARTS = [['json', jsonCase, 0.4], ['hmac', hmacCase, 0.1], ['tokens', tokenCase, 0.2], ['wrong tokens', wrongCase, 0.3]]
let passed = 0, failed = 0
for (const [name, one, share] of PARTS) {
  const before = bad, n = Math.max(1, Math.round(CASES * share))
  for (let i = 0; i < n; i++) {
    await one()
    compared++
    if (i % 5000 === 4999) console.log(`    ${name}: ${i + 1} of ${n}`)
  }
  if (bad === before) passed++
  else failed++
  console.log(`${name}: ${n} cases, ${bad - before} differences without a rule`)
}
for (const [rule, n] of [...used].sort((a, b) => b[1] - a[1])) console.log(`${String(n).padStart(7)} x ${rule}`)
if (CASES >= 20000) {
  for (const rule of known) if (!used.has(rule)) { console.log(`FAILED this rule never applied: ${rule}`); failed++ }
}
peer.stdin.end()
console.log(`differential: ${passed} passed, ${failed} failed`)
process.exit(failed ? 1 : 0)
