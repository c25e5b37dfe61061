import express from 'express'
import request from 'supertest'
import { memoryAdapters } from '../../adapters/memory/index.js'
import { minimalAdapters } from '../../examples/own-adapter/adapter.js'
import {
  accessGate,
  createReconciler,
  onSignIn,
  protectUsers,
  scimRouter,
} from '../../lib/index.js'
import { settingsRouter } from '../../lib/settings/index.js'
import type { Adapters, Query, ResourceStore } from '../../lib/stores/index.js'
import { serve } from '../protocol/server.js'
import { aSettingsApp } from '../settings/support.js'

/** The same store as one that declares nothing: it refuses what it did not say it can. */
function minimal<S extends ResourceStore<never>>(store: S, given: Partial<S> = {}): S {
  const { supports: _, find: _find, getMany: _many, ...rest } = store
  const query = async (scope: never, asked: Query) => {
    const { filter, sort, page } = asked
    if (filter || sort || page.kind === 'cursor') throw new Error('This store cannot do that.')
    return store.query(scope, asked)
  }
  return { ...rest, query, ...given } as unknown as S
}

const minimised = ({ users, groups, ...others }: Adapters): Adapters => ({
  ...others,
  users: minimal(users as never) as never,
  groups: minimal(groups as never) as never,
})

async function withPeople() {
  const adapters = minimalAdapters()
  const provider = await serve(adapters)
  const emails = (value: string) => [{ value, type: 'work', primary: true }]
  await provider.user('ann', { active: true, emails: emails('ann@example.com') })
  await provider.user('bob', { active: false, emails: emails('Bob@example.com') })
  return { adapters, provider }
}

describe('a minimal adapter', () => {
  it('decides at the gate', async () => {
    const { adapters } = await withPeople()
    const answerTo = async (email: string) => {
      const gate = accessGate(adapters, {
        tenant: 'acme',
        identify: async () => ({ identities: [{ email }], isComplete: true }),
      })
      const app = express()
      app.use(gate, (_request, response) => void response.send('passed'))
      const { status } = await request(app).get('/projects').set('Cookie', 'a=b')
      gate.close()
      return status
    }
    expect(await answerTo('ANN@example.com')).toBe(200)
    expect(await answerTo('bob@example.com')).toBe(403)
    expect(await answerTo('stranger@example.com')).toBe(200)
  })

  it('decides at sign-in', async () => {
    const { adapters } = await withPeople()
    const decide = (email: string) => onSignIn(adapters, { tenant: 'acme' }, email)
    expect(await decide('ann@example.com')).toMatchObject({ allowed: true, reason: 'active' })
    expect(await decide('bob@example.com')).toMatchObject({ reason: 'deprovisioned' })
    expect(await decide('stranger@example.com')).toMatchObject({ reason: 'unknown' })
  })

  it('serves the settings: rules are saved, people found and explained', async () => {
    const app = aSettingsApp({ change: minimised })
    const ann = await app.addUser('ann@example.com')
    await app.addGroup('Annotators', [ann])
    const rules = { roles_groups: [['Annotator', 'Annotators']] }
    await app.post('/api/scim/settings', rules).expect(200)
    await app.reconciler.drain()
    const found = await app.get('/api/scim/people?search=ANN').expect(200)
    expect(found.body.people).toHaveLength(1)
    expect((await app.get('/api/scim/people?search=nobody').expect(200)).body.people).toEqual([])
    await app.get('/api/scim/people?state=deactivated').expect(200)
    const explained = await app.get(`/api/scim/explain?user=${ann.id}`).expect(200)
    expect(JSON.stringify(explained.body)).toContain('Annotator')
  })

  it('answers look-ups of more people than it may read for a query', async () => {
    const provider = await serve(minimalAdapters(), { limits: { maxScanned: 3 } })
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      await provider.user(name, { externalId: `x-${name}` })
    }
    const search = (filter: string) => provider.get(`/Users?filter=${encodeURIComponent(filter)}`)
    for (const filter of [
      'userName eq "E"',
      'externalId eq "x-e"',
      'userName eq "e" or id eq "1"',
    ]) {
      expect((await search(filter)).body).toMatchObject({ totalResults: 1 })
    }
    expect((await search('title pr')).body).toMatchObject({ status: '400', scimType: 'tooMany' })
  })

  it('is asked once, by key, where it has `find`', async () => {
    const { users, groups } = memoryAdapters()
    const asked: unknown[] = []
    const find: typeof users.find = async (scope, keys, read) => {
      asked.push(keys)
      return (await users.find?.(scope, keys, read)) ?? []
    }
    const query = async () => {
      throw new Error('Nobody reads everybody.')
    }
    const adapters = {
      users: { ...(minimal(users as never) as object), find, query },
      groups,
    } as never
    const provider = await serve(adapters)
    const { id } = await provider.user('Ann', { emails: [{ value: 'ann@example.com' }] })
    asked.length = 0
    const filter = encodeURIComponent('emails.value eq "ANN@example.com" and active eq false')
    const answer = await provider.get(`/Users?filter=${filter}`)
    expect(answer.body.Resources ?? []).toEqual([])
    expect(asked).toEqual([[{ attribute: 'emails.value', key: 'ann@example.com' }]])
    const other = await provider.get(
      `/Users?filter=${encodeURIComponent(`userName eq "ANN" or id eq "${id}"`)}`,
    )
    expect(other.body).toMatchObject({ totalResults: 1, Resources: [{ id }] })
    expect(
      (
        await provider.post('/Users', {
          schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
          userName: 'ANN',
        })
      ).status,
    ).toBe(409)
  })
})

describe('users and groups of a host’s own beside the access store of a shipped adapter', () => {
  const { access } = memoryAdapters()
  const composed: Adapters = { ...minimalAdapters(), access }
  const authorize = () => ({ tenant: 'a', actor: 'b' })

  it.each<[string, () => unknown]>([
    ['scimRouter', () => scimRouter(composed, { authenticate: () => ({}) } as never)],
    ['settingsRouter', () => settingsRouter(composed, { authorize })],
    ['createReconciler', () => createReconciler(composed)],
  ])('are refused by %s, since rules would reach nobody', (factory, build) => {
    expect(build).toThrow(`${factory}: adapters.access keeps its pending work beside users`)
    expect(build).toThrow(expect.objectContaining({ code: 'ERR_SCIM_ADAPTERS' }))
  })

  it('are taken where they pass the storage on', () => {
    const { users, groups, access: own } = memoryAdapters()
    const wrapped = { users: { ...users }, groups: { ...groups }, access: own } as Adapters
    expect(() => createReconciler(protectUsers(wrapped, ['ann']))).not.toThrow()
  })
})
