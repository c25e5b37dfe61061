import { setTimeout as pause } from 'node:timers/promises'

const userUrn = 'urn:ietf:params:scim:schemas:core:2.0:User'
const groupUrn = 'urn:ietf:params:scim:schemas:core:2.0:Group'
const patchUrn = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'

/** What of one client is there. */
export interface Found {
  readonly people: Map<string, Person>
  readonly ids: Map<string, string>
}

/**
 * What one client knows of a person it provisions. `title` and `displayName` are always written
 * together.
 */
export interface Person {
  readonly token: string
  readonly active: boolean
  readonly isMember: boolean
}

/** Everybody one client provisions, by `userName`. */
export type People = ReadonlyMap<string, Person>

/**
 * What a client may find after a crash: all that was acknowledged, and the request under way in
 * whole or not at all.
 */
export interface Expectation {
  readonly client: string
  readonly acknowledged: People
  /**
   * With the effect of the request that was under way; a deletion also ends access before it
   * deletes.
   */
  readonly underWay: readonly People[]
}

/** A service provider that may be gone at any time. */
export interface Provider {
  readonly origin: () => string
  readonly token: string
  /** Attributes each new user has besides. */
  readonly extra: (userName: string) => object
}

interface Sent {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: tests reach deep into bodies
  readonly body: any
}

const patience = 20_000

/** One request; `undefined` when no answer came. */
export async function send(
  { origin, token }: Provider,
  method: string,
  path: string,
  body?: object,
): Promise<Sent | undefined> {
  try {
    const response = await fetch(`${origin()}/scim/v2${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${token}`,
        ...(body && { 'Content-Type': 'application/scim+json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(patience),
    })
    const text = await response.text()
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
  } catch {
    return undefined
  }
}

/** A change a client makes: the request, and its effect. */
interface Change {
  readonly method: string
  readonly path: string
  readonly body?: object
  readonly effect: People
  /** What is there when it has come half way, where that is allowed. */
  readonly half?: People
}

/** A client that sends one change after the other until it is stopped, or one gets no answer. */
export interface Client {
  readonly name: string
  run(): Promise<void>
  stop(): void
  expectation(): Expectation
  /** Goes on from what was found after a crash. */
  adopt(found: Found): void
  acknowledged(): number
}

export function createClient(
  provider: Provider,
  groupId: string,
  { name, random }: { readonly name: string; readonly random: () => number },
): Client {
  const ids = new Map<string, string>()
  let people: People = new Map()
  let underWay: readonly People[] = []
  let isStopped = false
  let count = 0

  const nextChange = (): Change => {
    const userName = `${name}-${Math.floor(random() * 8)}@acme.example`
    const person = people.get(userName)
    const id = ids.get(userName)
    if (person === undefined || id === undefined) return creation(userName)
    const target = { id, userName, person }
    const kinds = [retitling, retitling, activation, activation, membership, membership, deletion]
    const kind = kinds[Math.floor(random() * kinds.length)] ?? retitling
    return kind(target)
  }
  const token = () => Math.floor(random() * 1e9).toString(36)
  const having = (userName: string, person: Person) => new Map([...people, [userName, person]])

  const creation = (userName: string): Change => {
    const person = { token: token(), active: true, isMember: false }
    const texts = { title: person.token, displayName: person.token }
    const body = { schemas: [userUrn], userName, ...texts, ...provider.extra(userName) }
    return { method: 'POST', path: '/Users', body, effect: having(userName, person) }
  }
  interface Target {
    readonly id: string
    readonly userName: string
    readonly person: Person
  }
  const patch = ({ id }: Target, operations: readonly object[]) => ({
    method: 'PATCH',
    path: `/Users/${id}`,
    body: { schemas: [patchUrn], Operations: operations },
  })
  const retitling = (target: Target): Change => {
    const text = token()
    const operations = ['title', 'displayName'].map((path) => ({
      op: 'replace',
      path,
      value: text,
    }))
    const effect = having(target.userName, { ...target.person, token: text })
    return { ...patch(target, operations), effect }
  }
  const activation = (target: Target): Change => {
    const active = !target.person.active
    const effect = having(target.userName, { ...target.person, active })
    return { ...patch(target, [{ op: 'replace', path: 'active', value: active }]), effect }
  }
  const membership = ({ id, userName, person }: Target): Change => {
    const isMember = !person.isMember
    const operation = { op: isMember ? 'add' : 'remove', path: 'members', value: [{ value: id }] }
    return {
      method: 'PATCH',
      path: `/Groups/${groupId}`,
      body: { schemas: [patchUrn], Operations: [operation] },
      effect: having(userName, { ...person, isMember }),
    }
  }
  const deletion = ({ id, userName, person }: Target): Change => {
    const effect = new Map([...people].filter(([each]) => each !== userName))
    // Access ends before the person is deleted, and nobody is let in again because the rest failed.
    const half = having(userName, { ...person, active: false })
    return { method: 'DELETE', path: `/Users/${id}`, effect, half }
  }

  return {
    name,
    acknowledged: () => count,
    expectation: () => ({
      client: name,
      acknowledged: people,
      underWay,
    }),
    stop: () => {
      isStopped = true
    },
    adopt: (found) => {
      people = found.people
      for (const [userName, id] of found.ids) ids.set(userName, id)
      underWay = []
      isStopped = false
    },
    async run() {
      while (!isStopped) {
        const change = nextChange()
        underWay = change.half ? [change.effect, change.half] : [change.effect]
        const answer = await send(provider, change.method, change.path, change.body)
        // Nobody knows whether it was made; nor after 503, where a deactivation is kept and goes
        // on.
        if (answer === undefined || answer.status === 503) return
        if (answer.status >= 300) {
          throw new Error(
            `${change.method} ${change.path} was answered ${answer.status}: ` +
              `${JSON.stringify(answer.body)}`,
          )
        }
        for (const { userName, id } of answer.body?.userName ? [answer.body] : []) {
          ids.set(userName, id)
        }
        people = change.effect
        underWay = []
        count += 1
      }
    },
  }
}

/** What the service provider holds, by client. */
export async function readPeople(
  provider: Provider,
  groupId: string,
): Promise<ReadonlyMap<string, Found>> {
  const users = await must(provider, '/Users?count=200')
  const group = await must(provider, `/Groups/${groupId}`)
  const members = new Set((group.members ?? []).map(({ value }: { value: string }) => value))
  const found = new Map<string, Found>()
  const known = new Set<string>()
  for (const { id, userName, title, displayName, active } of users.Resources) {
    if (title !== displayName) throw new Error(`Half a change: ${title} and ${displayName}.`)
    const client = String(userName).split('-')[0] ?? ''
    const own = found.get(client) ?? { people: new Map(), ids: new Map() }
    own.people.set(userName, { token: title, active, isMember: members.has(id) })
    own.ids.set(userName, id)
    found.set(client, own)
    known.add(id)
  }
  const lost = [...members].filter((id) => !known.has(String(id)))
  if (lost.length > 0) throw new Error(`Members who do not exist: ${lost.join(', ')}.`)
  return found
}

/** Sent again after 503, as a client does: a busy machine may keep the database for a while. */
async function must(provider: Provider, path: string) {
  const deadline = Date.now() + patience
  let answer = await send(provider, 'GET', path)
  while (answer?.status === 503 && Date.now() < deadline) {
    await pause(200)
    answer = await send(provider, 'GET', path)
  }
  if (answer?.status !== 200) throw new Error(`GET ${path}: ${JSON.stringify(answer)}`)
  return answer.body
}

/** Creates the group that all clients share, and returns its id. */
export async function createGroup(provider: Provider): Promise<string> {
  const body = { schemas: [groupUrn], displayName: 'Everybody' }
  const answer = await send(provider, 'POST', '/Groups', body)
  if (answer?.status !== 201) throw new Error(`No group: ${JSON.stringify(answer)}`)
  return answer.body.id
}

/**
 * Compares what is there with what may be there.
 *
 * @throws Error naming the client and the first person who differs
 */
export function requireKept({ client, acknowledged, underWay }: Expectation, found: People): void {
  if ([acknowledged, ...underWay].some((people) => isSame(people, found))) return
  const names = new Set([...acknowledged.keys(), ...found.keys()])
  const lines = [...names]
    .map((name) => [name, acknowledged.get(name), underWay[0]?.get(name), found.get(name)])
    .filter(([, before, , after]) => JSON.stringify(before) !== JSON.stringify(after))
    .map((line) => JSON.stringify(line))
  throw new Error(
    `${client}: what was acknowledged is not what is there.\n[name, acknowledged, under ` +
      `way, found]\n${lines.join('\n')}`,
  )
}

function isSame(a: People, b: People): boolean {
  const sorted = (people: People) =>
    JSON.stringify([...people].sort(([one], [other]) => (one < other ? -1 : 1)))
  return sorted(a) === sorted(b)
}
