import { randomInt } from 'node:crypto'
import { onSignIn } from '../../lib/access/index.js'
import { type ServiceProvider, userUrn } from '../protocol/server.js'
import { oneOf, randomOf } from '../support/random.js'
import { numberFrom } from '../support/three-stores.js'
import { type Hosts, settings } from './hosts.js'
import { type History, newHistory, unexplained } from './linearizable.js'
import {
  changed,
  created,
  deleted,
  listed,
  read,
  signedIn,
  type Users,
  type Wanted,
} from './user-effects.js'

/** Histories of each setting; `HISTORIES=1000 npm run test:races -- histories` for a long run. */
const runs = numberFrom('HISTORIES', 12)
const seed = numberFrom('HISTORIES_SEED', randomInt(2 ** 31))
const clients = 4
const requestsOfEach = 12
const names = ['ann@example.com', 'bob@example.com', 'cyd@example.com']

interface Known {
  readonly id: string
  readonly version: string
}

interface Client {
  readonly history: History<Users>
  readonly random: () => number
  readonly tenant: string
  /** What clients have been shown, which they share. */
  readonly known: Known[]
}

/** Sends one random request to this host. */
async function act(scim: ServiceProvider, { history, random, tenant, known }: Client) {
  const as = { as: tenant }
  const userName = oneOf(random, names)
  const title = `title ${Math.floor(random() * 1e9)}`
  const learn = (body: { id?: string; meta?: { version: string } } | undefined) => {
    if (body?.id && body.meta) known.push({ id: body.id, version: body.meta.version })
  }
  const create = () =>
    history.record(
      () => scim.post('/Users', { schemas: [userUrn], userName, title }, as),
      (answer) => {
        learn(answer.body)
        return [created(userName, title, answer)]
      },
    )
  if (known.length === 0) return create()
  const { id, version } = oneOf(random, known.slice(-6))
  const ifMatch = random() < 0.4 ? version : undefined
  const options = { ...as, headers: ifMatch === undefined ? {} : { 'If-Match': ifMatch } }
  const change = (wanted: Wanted, isPut = false) => {
    const list = Object.entries(wanted).map(([path, value]) => ({ op: 'replace', path, value }))
    const send = () =>
      isPut
        ? scim.put(`/Users/${id}`, { schemas: [userUrn], ...wanted }, options)
        : scim.patch(`/Users/${id}`, list, options)
    return history.record(send, (answer) => {
      learn(answer.body)
      return changed(id, wanted, { answer, ifMatch })
    })
  }
  const find = (name?: string) => {
    const query = name === undefined ? '' : `?filter=${encodeURIComponent(`userName eq "${name}"`)}`
    return history.record(
      () => scim.get(`/Users${query}`, as),
      (answer) => {
        for (const each of answer.body.Resources ?? []) learn(each)
        return [listed(answer, name)]
      },
    )
  }
  const get = () =>
    history.record(
      () => scim.get(`/Users/${id}`, as),
      (answer) => {
        learn(answer.body)
        return [read(id, answer)]
      },
    )
  const remove = () =>
    history.record(
      () => scim.delete(`/Users/${id}`, as),
      (answer) => deleted(id, answer),
    )
  const signIn = () =>
    history.record(
      () => onSignIn(scim.adapters, { tenant }, userName),
      ({ reason }) => [signedIn(userName, reason)],
    )
  const active = random() < 0.5
  const requests = [
    create,
    () => change({ title }),
    () => change({ active }),
    () => change({ userName, active }),
    () => change({ userName, title }, true),
    () => change({ userName, title, active }, true),
    find,
    () => find(userName),
    get,
    get,
    remove,
    signIn,
    signIn,
  ]
  return oneOf(random, requests)()
}

describe.each(settings)('histories of clients at the same time, with %s', (_, open) => {
  let world: Hosts
  beforeAll(async () => {
    world = await open()
  })
  afterAll(() => world.close())

  it(`are explained by one request after the other (seed ${seed})`, async () => {
    const random = randomOf(seed)
    for (let run = 0; run < runs; run += 1) {
      const history = newHistory<Users>()
      const client = { history, random, tenant: `tenant-${run}`, known: [] }
      const work = Array.from({ length: clients }, async () => {
        for (let count = 0; count < requestsOfEach; count += 1) {
          await act(oneOf(random, world.hosts), client)
        }
      })
      await Promise.all(work)
      expect(unexplained(history, [])).toBeUndefined()
    }
  })
})
