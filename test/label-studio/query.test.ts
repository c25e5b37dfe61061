import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import fc from 'fast-check'
import { matchRequest } from '../../adapters/label-studio/policy/read-request.js'
import { pythonWithSdk } from '../support/label-studio-server.js'

const script = resolve('test/support/label-studio-python/read_requests.py')
const count = 20_000

/** A part of a text: plain, percent-encoded, or what has a meaning somewhere. */
const piece = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('project', 'ids', 'view', 'x', '1', '2', '07', 'tasks') },
  { weight: 3, arbitrary: fc.constantFrom('&', '=', '+', ';', '%26', '%3D', '%2B', '%25', '%23') },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 255 }).map((each) => `%${hex(each)}`) },
  fc.constantFrom('%', '%z', '%4', '?', '/', '.', '\\', '~', "'", '"', '[]', '%u0031', '|', '^'),
  fc.constantFrom('%2BAHA-', '%C3%A4', '%c0%af', '%ED%A0%80', '%EF%BB%BF', '%F0%9F%98%80', '%00'),
)
const path = fc.oneof(
  fc.constantFrom('/api/tasks/', '/api/projects', '/api/dm/views/', '/api/tasks/7/'),
  fc.array(piece, { maxLength: 3 }).map((all) => `/api/tasks/${all.join('')}`),
)
const charset = fc.constantFrom('utf-8', 'UTF-8', 'utf8', 'utf-7', 'utf-16-le', 'hz', 'latin-1')
const parameter = fc
  .tuple(fc.constantFrom('charset', 'Charset', 'boundary', 'charset*', 'x'), charset)
  .chain(([name, value]) =>
    fc.constantFrom(`${name}=${value}`, `${name}="${value}"`, `${name}=''${value}`),
  )
const type = fc.option(
  fc
    .tuple(
      fc.constantFrom('application/json', 'x', 'multipart/form-data', 'text/plain', ''),
      fc.array(fc.tuple(fc.constantFrom(';', '; ', ' ;\t', ','), parameter), { maxLength: 2 }),
    )
    .map(([media, all]) => media + all.map((each) => each.join('')).join('')),
)
const asked = fc.tuple(path, fc.array(piece, { maxLength: 8 }), type)

it('reads a path and a query as Django does, or not at all', async () => {
  const requests = fc
    .sample(asked, count)
    .map(([start, query, given]) => [`${start}?${query.join('')}`, given] as const)
  const readable = requests.flatMap(([url, given]) => {
    const headers = given === null ? {} : { 'content-type': given }
    const matched = matchRequest({ method: 'GET', url, headers })
    return matched.kind === 'matched' ? [{ url, given, matched }] : []
  })
  const input = JSON.stringify(readable.map(({ url, given }) => [url, given]))
  const python = await pythonWithSdk()
  const { stdout, stderr } = spawnSync(python, [script], {
    input,
    encoding: 'utf8',
    maxBuffer: 1e9,
  })
  expect(stderr).toBe('')
  const read = JSON.parse(stdout) as readonly unknown[]
  expect(readable.length).toBeGreaterThan(count / 20)
  const others = readable.flatMap(({ url, given, matched }, index) => {
    const ours = JSON.stringify([matched.path, Object.fromEntries(matched.query)])
    const theirs = JSON.stringify(read[index])
    return ours === theirs ? [] : [{ url, given, ours, theirs }]
  })
  expect(others).toEqual([])
}, 120_000)

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0')
}
