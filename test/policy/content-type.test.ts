import { plainTypeOf } from '../../adapters/label-studio/policy/content-type.js'
import { requireJson } from '../../lib/http/media-type.js'
import { cpuMs } from '../support/cpu-time.js'

const blanks = ' '.repeat(14_000)

it.each([
  `a/b${blanks}x`,
  `a/b;charset=utf-8${blanks}x`,
  `a/b${'; '.repeat(7_000)}x`,
  `a/b;boundary=${';boundary'.repeat(1_500)}`,
])('a Content-Type takes no long time to read: %.20s', (given) => {
  expect(plainTypeOf({ 'content-type': given })).toBeUndefined()
  expect(cpuMs(() => plainTypeOf({ 'content-type': given }))).toBeLessThan(50)
})

it('nor does that of a SCIM request', () => {
  const given = `application/json;charset=${blanks}x "`
  expect(cpuMs(() => requireJson(given))).toBeLessThan(50)
})
