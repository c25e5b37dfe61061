import type { Json } from '../../lib/schema/types.js'
import { parseTranscript, readTranscripts } from '../support/transcripts.js'
import { match } from '../support/transcripts-match.js'
import { type ReplayTarget, replay } from '../support/transcripts-replay.js'

const step = { request: { method: 'GET', path: '/Users' }, expected: { status: 200 } }
/** A saved value's place. */
const saved = (name: string) => `\${${name}}`
const small = { name: 'n', idp: 'Okta', seen: ['OD'], steps: [step] }

describe('the transcript format', () => {
  it.each([
    ['an unknown key', { ...small, setUp: [] }],
    ['an unknown key of a step', { ...small, steps: [{ ...step, sleep: 5 }] }],
    [
      'an unknown key of a request',
      { ...small, steps: [{ ...step, request: { ...step.request, query: {} } }] },
    ],
    [
      'an unknown key of an expectation',
      { ...small, steps: [{ ...step, expected: { status: 200, json: {} } }] },
    ],
    ['a step without an expectation', { ...small, steps: [{ request: step.request }] }],
    ['no source', { ...small, seen: [] }],
    ['no steps', { ...small, steps: [] }],
  ])('refuses %s', (_, json) => {
    expect(() => parseTranscript(json, 'x.json')).toThrow('x.json is no transcript')
  })

  it.each<[string, Json, Json | undefined, boolean]>([
    ['parts of objects', { a: 1 }, { a: 1, b: 2 }, true],
    ['another value', { a: 1 }, { a: 2 }, false],
    ['another type', { a: 1 }, { a: '1' }, false],
    ['something missing', { a: 1 }, {}, false],
    ['no body', { a: 1 }, undefined, false],
    ['a longer array', [1], [1, 2], false],
    ['another order', [1, 2], [2, 1], false],
    ['$unordered', { $unordered: [1, 2] }, [2, 1], true],
    ['$unordered and more', { $unordered: [1] }, [1, 2], false],
    ['$contains', { $contains: [{ a: 1 }] }, [{ a: 2 }, { a: 1, b: 1 }], true],
    ['$contains not', { $contains: [3] }, [1, 2], false],
    ['$absent', { a: { $absent: true } }, {}, true],
    ['$absent but null', { a: { $absent: true } }, { a: null }, false],
    ['$type integer', { $type: 'integer' }, 1, true],
    ['$type integer as text', { $type: 'integer' }, '1', false],
    ['$exactly', { $exactly: { a: 1 } }, { a: 1, b: 2 }, false],
    ['$matches', { $matches: '^a' }, 'ba', false],
  ])('matches %s as it should', (_, wanted, found, matches) => {
    expect(match(wanted, found).length === 0).toBe(matches)
  })

  it('refuses matchers and saved values that do not exist', async () => {
    expect(() => match({ $any: true }, 1)).toThrow('no matcher $any')
    const target = answering(() => ({ status: 200, text: '{}' }))
    const request = { method: 'GET', path: `/Users/${saved('user.id')}` }
    await expect(replay({ ...small, steps: [{ ...step, request }] }, target)).rejects.toThrow(
      'Nothing is saved as user.id',
    )
  })

  it('fails on another status, body or set of statuses', async () => {
    const target = answering(() => ({ status: 201, text: '{"id":"1"}' }))
    await expect(replay(small, target)).rejects.toThrow('status is 201, not 200')
    const body = { ...step, expected: { status: 201, body: { id: '2' } } }
    await expect(replay({ ...small, steps: [body] }, target)).rejects.toThrow('body.id is "1"')
    const race = { parallel: [body, body].map(() => ({ ...step, expected: { status: 201 } })) }
    await expect(
      replay({ ...small, steps: [{ ...race, statuses: [201, 409] }] }, target),
    ).rejects.toThrow('statuses 201,201')
  })

  it('sends what it has saved, whole, in text and spread', async () => {
    const sent: unknown[] = []
    const target = answering(({ path, text }) => {
      sent.push([path, text && JSON.parse(text)])
      return { status: 200, text: '{"id":"7","tags":["a"]}' }
    })
    const body = {
      '...': saved('user'),
      id: `me ${saved('user.id')}`,
      tag: saved('user.tags.0'),
      tags: saved('user.tags'),
    }
    const put = { method: 'PUT', path: `/Users/${saved('user.id')}`, body }
    const steps = [
      { ...step, save: 'user' },
      { ...step, request: put },
    ]
    await replay({ ...small, steps }, target)
    expect(sent[1]).toEqual(['/Users/7', { id: 'me 7', tag: 'a', tags: ['a'] }])
  })

  it('has the transcripts that are promised: 12 for Okta and Entra ID, 3 for most others', () => {
    const counts = new Map<string, number>()
    for (const { file } of readTranscripts()) {
      const [idp = ''] = file.split('/')
      counts.set(idp, (counts.get(idp) ?? 0) + 1)
    }
    // Of clients that `test:clients` runs for real, only what is new is kept; Rauthy has one life.
    const least = new Map([
      ...['okta', 'entra'].map((idp) => [idp, 12] as const),
      ...['rauthy', 'scim-sdk', 'syncope'].map((client) => [client, 1] as const),
    ])
    const few = [...counts].filter(([idp, count]) => count < (least.get(idp) ?? 3))
    expect(few).toEqual([])
    expect(counts.size).toBeGreaterThanOrEqual(14)
  })
})

function answering(
  answer: (request: { path: string; text?: string }) => { status: number; text: string },
): ReplayTarget {
  return { baseUrl: 'http://x', send: async (request) => ({ headers: {}, ...answer(request) }) }
}
