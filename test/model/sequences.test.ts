import { randomInt } from 'node:crypto'
import fc from 'fast-check'
import type { AccessStore, AuditStore, Scope } from '../../lib/stores/index.js'
import { aScope } from '../adapters/support.js'
import { serve } from '../protocol/server.js'
import { type NamedAdapters, numberFrom, threeStores } from '../support/three-stores.js'
import { type PlainAnswer, type SymbolicClient, symbolicClient } from './client.js'
import { emptyModel, type Model, stateOf } from './model.js'
import { anyStep, type NamedStep } from './steps.js'

/** Sequences of requests; `MODEL_RUNS=10000 npm run test:model` for a long run. */
const runs = numberFrom('MODEL_RUNS', 60)
const seed = numberFrom('MODEL_SEED', randomInt(2 ** 31))

let stores: readonly NamedAdapters[]

beforeAll(async () => {
  stores = await threeStores()
})
afterAll(async () => {
  for (const { close } of stores ?? []) await close()
})

interface Real {
  readonly clients: readonly SymbolicClient[]
}

/**
 * A step as fast-check runs it: the same request to all, then their answers beside each other and
 * the model.
 */
function commandOf({ title, plan }: NamedStep): fc.AsyncCommand<Model, Real> {
  return {
    check: () => true,
    toString: () => title,
    async run(model, { clients }) {
      const { request, statuses, apply, withdraw, creates } = plan(model)
      const answers = await Promise.all(clients.map((client) => client.send(request)))
      requireAlike(clients, answers)
      const [{ status, body }] = answers as [PlainAnswer]
      if (!statuses.includes(status)) {
        const told = JSON.stringify(body)
        throw new Error(`The model expects ${statuses.join(' or ')}, not ${status}: ${told}`)
      }
      if (status === 409 && withdraw) {
        withdraw(model)
        // Access that ended has made another version, which no answer told.
        await Promise.all(
          clients.map((client) => client.send({ method: 'GET', path: request.path })),
        )
      }
      if (status >= 300) return
      apply(model)
      if (creates) model.created += 1
    },
  }
}

function requireAlike(clients: readonly SymbolicClient[], values: readonly unknown[]): void {
  const texts = values.map((value) => JSON.stringify(value))
  if (new Set(texts).size <= 1) return
  const [first = ''] = texts
  const place = Math.min(...texts.map((text) => commonLength(first, text)))
  const list = clients.map(({ name }, index) => {
    const around = texts[index]?.slice(Math.max(place - 300, 0), place + 300)
    return `${name}: …${around}`
  })
  throw new Error(`The stores do not agree.\n${list.join('\n')}`)
}

/** How many characters two texts begin with alike; infinite when they are the same. */
function commonLength(one: string, other = ''): number {
  if (one === other) return Number.POSITIVE_INFINITY
  let length = 0
  while (one[length] === other[length]) length += 1
  return length
}

/** Everything that a service provider holds, in the words of the model. */
async function stateAt(client: SymbolicClient) {
  const users = await client.send({ method: 'GET', path: '/Users?count=200' })
  const groups = await client.send({ method: 'GET', path: '/Groups?count=200' })
  return { users: users.body, groups: groups.body, ...(await beside(client)) }
}

/** What is marked and what was logged. */
async function beside({ provider, tenant, plain }: SymbolicClient) {
  const access = provider.adapters.access as AccessStore
  const audit = provider.adapters.audit as AuditStore
  const scope: Scope = aScope(tenant)
  const pending = await access.listPending(scope, { offset: 0, limit: 1000 })
  const entries = await audit.query(scope, { limit: 1000 })
  // What is passed over is told once a day and name, whenever there is time.
  const told = entries.filter(({ event }) => !event.endsWith('.passedOver'))
  const events = told.map(({ event, outcome, target, attributes, members }) =>
    plain({ event, outcome, id: target?.id, attributes, members: members ?? [] }),
  )
  return { pending: plain(pending.map(({ userId }) => userId)), events }
}

function fromAnswers({ users, groups }: { readonly users: unknown; readonly groups: unknown }) {
  const listed = (body: unknown) => (body as { Resources: Record<string, unknown>[] }).Resources
  const refOf = (id: unknown) => Number(/^@(\d+)@$/.exec(String(id))?.[1])
  return {
    users: listed(users).map(({ id, userName, active, displayName, externalId, emails }) => ({
      ref: refOf(id),
      userName,
      active,
      ...(displayName !== undefined && { displayName }),
      ...(externalId !== undefined && { externalId }),
      ...(emails !== undefined && {
        emails: (emails as { value: string }[]).map(({ value }) => value).sort(),
      }),
    })),
    groups: listed(groups).map(({ id, displayName, members = [] }) => ({
      ref: refOf(id),
      displayName,
      members: (members as { value: string }[])
        .map(({ value }) => refOf(value))
        .sort((a, b) => a - b),
    })),
  }
}

it('answers any sequence of requests alike on all stores, and as a simple model says', async () => {
  process.stderr.write(`test:model sequences: MODEL_SEED=${seed} MODEL_RUNS=${runs}\n`)
  let tenants = 0
  const providers = await Promise.all(stores.map(({ adapters }) => serve(adapters)))
  const property = fc.asyncProperty(
    fc.commands([anyStep.map(commandOf)], { maxCommands: 60, size: 'max' }),
    async (commands) => {
      tenants += 1
      const clients = providers.map((provider, index) =>
        symbolicClient(stores[index]?.name ?? '', provider, `tenant-${tenants}`),
      )
      const model = emptyModel()
      await fc.asyncModelRun(() => ({ model, real: { clients } }), commands)
      const states = await Promise.all(clients.map(stateAt))
      requireAlike(clients, states)
      expect(fromAnswers(states[0] as (typeof states)[number])).toEqual(stateOf(model))
    },
  )
  await fc.assert(property, { seed, numRuns: runs, endOnFailure: runs > 1_000 })
}, 86_400_000)
