import { memoryAdapters } from '../../adapters/memory/index.js'
import { minimalAdapters } from '../../examples/own-adapter/adapter.js'
import { type ScimLimits, type ScimOptions, scimTable } from '../../lib/options.js'
import type { Adapters } from '../../lib/stores/index.js'
import {
  type Answer,
  bulkUrn,
  groupUrn,
  type ServiceProvider,
  serve,
  userUrn,
} from '../protocol/server.js'
import { rowsOf } from '../support/option-tables.js'

/** A request within a limit, and one beyond it. */
interface Case {
  readonly limit: number
  readonly within: (scim: ServiceProvider) => Promise<Answer>
  readonly beyond: (scim: ServiceProvider) => Promise<Answer>
  /** What is answered beyond it; some limits lower what is asked for. */
  readonly isLimited: (answer: Answer) => boolean
  readonly adapters?: () => Adapters
  readonly options?: Partial<ScimOptions>
}

const statusIs =
  (...statuses: number[]) =>
  ({ status }: Answer) =>
    statuses.includes(status)
const users = async (scim: ServiceProvider, count: number) => {
  const made = []
  for (let index = 0; index < count; index += 1) made.push(await scim.user(`u${index}`))
  return made
}
const post = (scim: ServiceProvider, attributes: object) =>
  scim.post('/Users', { schemas: [userUrn], userName: 'ines', ...attributes })
const filtered = (scim: ServiceProvider, text: string) =>
  scim.get(`/Users?filter=${encodeURIComponent(text)}`)
const repeated = (term: string, times: number, glue = ' or ') => Array(times).fill(term).join(glue)
const title = { op: 'replace', path: 'title', value: 't' }

const cases: Readonly<Record<keyof ScimLimits, Case>> = {
  maxPayloadBytes: {
    limit: 1_024,
    within: (scim) => post(scim, { title: 'x'.repeat(500) }),
    beyond: (scim) => post(scim, { title: 'x'.repeat(1_024) }),
    isLimited: statusIs(413),
  },
  maxBulkOperations: {
    limit: 2,
    within: (scim) => bulk(scim, 2),
    beyond: (scim) => bulk(scim, 3),
    isLimited: statusIs(413),
  },
  maxResults: {
    limit: 2,
    within: async (scim) => {
      await users(scim, 2)
      return scim.get('/Users?count=2')
    },
    beyond: async (scim) => {
      await users(scim, 4)
      return scim.get('/Users?count=4')
    },
    isLimited: ({ body }) => body.Resources.length === 2,
  },
  defaultCount: {
    limit: 2,
    within: async (scim) => {
      await users(scim, 4)
      return scim.get('/Users?count=4')
    },
    beyond: async (scim) => {
      await users(scim, 4)
      return scim.get('/Users')
    },
    isLimited: ({ body }) => body.Resources.length === 2,
  },
  maxPatchOperations: {
    limit: 2,
    within: async (scim) => scim.patch(`/Users/${(await scim.user('a')).id}`, [title, title]),
    beyond: async (scim) =>
      scim.patch(`/Users/${(await scim.user('a')).id}`, [title, title, title]),
    isLimited: statusIs(400),
  },
  maxMembers: {
    limit: 2,
    within: (scim) => addMembers(scim, 2),
    beyond: (scim) => addMembers(scim, 3),
    isLimited: statusIs(400),
  },
  maxFilterBytes: {
    limit: 64,
    within: (scim) => filtered(scim, `title eq "${'x'.repeat(50)}"`),
    beyond: (scim) => filtered(scim, `title eq "${'x'.repeat(60)}"`),
    isLimited: statusIs(400),
  },
  maxFilterNodes: {
    limit: 4,
    within: (scim) => filtered(scim, repeated('title pr', 3)),
    beyond: (scim) => filtered(scim, repeated('title pr', 5)),
    isLimited: statusIs(400),
  },
  maxFilterDepth: {
    limit: 3,
    within: (scim) => filtered(scim, '((title pr))'),
    beyond: (scim) => filtered(scim, '((((title pr))))'),
    isLimited: statusIs(400),
  },
  maxValuePaths: {
    limit: 2,
    within: (scim) => filtered(scim, repeated('emails[value co "x"]', 2)),
    beyond: (scim) => filtered(scim, repeated('emails[value co "x"]', 3)),
    isLimited: ({ status, body }) => status === 400 && body.scimType === 'tooMany',
  },
  maxFilterWork: {
    limit: 1_000,
    within: async (scim) => {
      await users(scim, 10)
      return filtered(scim, repeated('title co "x"', 100))
    },
    beyond: async (scim) => {
      await users(scim, 10)
      return filtered(scim, repeated('title co "x"', 101))
    },
    isLimited: ({ status, body }) => status === 400 && body.scimType === 'tooMany',
  },
  maxScanned: {
    limit: 2,
    adapters: minimalAdapters,
    within: async (scim) => {
      await users(scim, 2)
      return filtered(scim, 'title pr')
    },
    beyond: async (scim) => {
      await users(scim, 4)
      return filtered(scim, 'title pr')
    },
    isLimited: statusIs(400),
  },
  maxStringLength: {
    limit: 64,
    within: (scim) => post(scim, { title: 'x'.repeat(64) }),
    beyond: (scim) => post(scim, { title: 'x'.repeat(65) }),
    isLimited: statusIs(400),
  },
  maxValues: {
    limit: 2,
    within: async (scim) => {
      await addMembers(scim, 3)
      return post(scim, { emails: emails(2) })
    },
    beyond: (scim) => post(scim, { emails: emails(3) }),
    isLimited: statusIs(400),
  },
  maxJsonDepth: {
    limit: 16,
    within: (scim) => scim.send('POST', '/Users', nested(14)),
    beyond: (scim) => scim.send('POST', '/Users', nested(20)),
    isLimited: statusIs(400),
  },
  maxArrayItems: {
    limit: 2,
    within: (scim) => post(scim, { emails: emails(2) }),
    beyond: (scim) => post(scim, { emails: emails(3) }),
    isLimited: statusIs(400),
  },
  maxObjectMembers: {
    limit: 100,
    within: (scim) => post(scim, unknown(98)),
    beyond: (scim) => post(scim, unknown(99)),
    isLimited: statusIs(400),
  },
  maxRequestsInFlight: {
    limit: 1,
    within: (scim) => scim.get('/Users'),
    beyond: async (scim) => {
      const answers = await Promise.all(Array.from({ length: 20 }, () => scim.get('/Users')))
      return answers.find(({ status }) => status !== 200) ?? (answers[0] as Answer)
    },
    isLimited: statusIs(503),
    // Slow enough that requests overlap.
    options: {
      authenticate: () =>
        new Promise((resolve) => {
          const principal = { tenant: 'acme', name: 'a', scopes: ['scim:read', 'scim:write'] }
          setTimeout(resolve, 20, principal)
        }),
    },
  },
}

const limited = Object.entries(cases)

describe('limits', () => {
  it('have a case each', () => {
    const names = rowsOf(scimTable.rows).map(({ name }) => name)
    const limits = names.flatMap((name) => /^limits\.(.+)$/.exec(name)?.[1] ?? [])
    expect(Object.keys(cases).sort()).toEqual(limits.sort())
  })

  it.each(limited)('%s limits, and lets pass what is within it (issue 16.5)', async (...row) => {
    const [name, { limit, within, beyond, isLimited, adapters = memoryAdapters, options }] = row
    const start = () =>
      serve(adapters(), { ...options, limits: { [name]: limit } as Partial<ScimLimits> })
    const allowed = await within(await start())
    expect([allowed.status < 300, name === 'maxResults' || !isLimited(allowed)]).toEqual([
      true,
      true,
    ])
    expect(isLimited(await beyond(await start()))).toBe(true)
  })
})

function bulk(scim: ServiceProvider, count: number): Promise<Answer> {
  const Operations = Array.from({ length: count }, () => ({ method: 'DELETE', path: '/Users/x' }))
  return scim.post('/Bulk', { schemas: [bulkUrn], Operations })
}

async function addMembers(scim: ServiceProvider, count: number): Promise<Answer> {
  const members = (await users(scim, count)).map(({ id }) => ({ value: id }))
  return scim.post('/Groups', { schemas: [groupUrn], displayName: 'Crew', members })
}

function emails(count: number): object[] {
  return Array.from({ length: count }, (_, index) => ({ value: `${index}@example.com` }))
}

function unknown(count: number): object {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`unknown${index}`, 1]))
}

function nested(depth: number): string {
  const value = `${'['.repeat(depth)}${']'.repeat(depth)}`
  return `{"schemas":["${userUrn}"],"userName":"a","unknown":${value}}`
}
