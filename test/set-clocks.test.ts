import express, { type Request, type Response } from 'express'
import request from 'supertest'
import { communityDirectory } from '../adapters/label-studio/accounts/directory.js'
import { formerCredentials } from '../adapters/label-studio/accounts/former.js'
import type { LabelStudioAdmin, LabelStudioApi } from '../adapters/label-studio/api/index.js'
import { credentialCache } from '../adapters/label-studio/api/sessions/credential-cache.js'
import { recent } from '../adapters/label-studio/api/together.js'
import { installationSource } from '../adapters/label-studio/installation.js'
import type { LabelStudioSettings } from '../adapters/label-studio/options.js'
import { memoryAdapters } from '../adapters/memory/index.js'
import { readiness } from '../command/serve/ready.js'
import { createBreaker } from '../lib/access/breaker.js'
import { holdLeaseIfFree } from '../lib/access/enforce-now.js'
import { enforcementOf, noteEnforcement } from '../lib/access/index.js'
import { contactRecorder } from '../lib/access/last-contact.js'
import { allowMassLoss, massLossAllowedUntil } from '../lib/access/mass-loss.js'
import { recentLosses } from '../lib/access/recent-losses.js'
import { isAhead, stopwatch } from '../lib/clock.js'
import { createSessions } from '../lib/settings/page/session.js'
import { aScope } from './adapters/support.js'

const scope = aScope('acme')
const hourMs = 3_600_000
const tenYearsMs = 10 * 365 * 24 * hourMs

/** What has passed on the clock that nobody sets, and by how much the other one is ahead. */
let passedMs = 0
let aheadMs = 0
const wall = () => Date.now()
const clock = () => new Date(wall())
beforeEach(() => {
  passedMs = 0
  aheadMs = 0
  const [steady, date] = [performance.now.bind(performance), Date.now]
  jest.spyOn(performance, 'now').mockImplementation(() => steady() + passedMs)
  jest.spyOn(Date, 'now').mockImplementation(() => date() + passedMs + aheadMs)
})
afterEach(() => jest.restoreAllMocks())

describe('a stopwatch', () => {
  it('goes on when the clock is set back, and counts what the machine was suspended', () => {
    const elapsed = stopwatch()
    aheadMs = -tenYearsMs
    passedMs = 5_000
    expect(Math.round(elapsed() / 1_000)).toBe(5)
    aheadMs = 60_000
    expect(Math.round(elapsed() / 1_000)).toBe(65)
  })
})

describe('a stored end', () => {
  it.each([
    ['has come', 0, false],
    ['is still to come', 1, true],
    ['is as far ahead as it can be, by a clock that is a bit ahead', hourMs + 300_000, true],
    ['is further ahead than anybody can have stored it', hourMs + 300_001, false],
  ])('that %s', (_, left, expected) => {
    expect(isAhead(1_000 + left, 1_000, hourMs)).toBe(expected)
  })
})

describe('what is kept for a while is kept no longer, though the clock is set back:', () => {
  const later = (ms: number) => {
    aheadMs = -tenYearsMs
    passedMs += ms
  }

  it('whose a credential is', async () => {
    const lifetime = () => ({ freshMs: 30_000, staleMs: 60_000 })
    const cache = credentialCache<string>({ maxEntries: 10, clock: wall, lifetime })
    cache.put('token', 'ann')
    later(29_000)
    expect(cache.peek('token')).toBe('ann')
    later(2_000)
    expect([cache.peek('token'), cache.stale('token')]).toEqual([undefined, 'ann'])
    later(60_000)
    expect(cache.stale('token')).toBeUndefined()
  })

  it('the list of people of Label Studio', async () => {
    let lists = 0
    const own = { id: 1, email: 'owner@example.com' }
    const list = async () => {
      lists += 1
      return [own]
    }
    const directory = communityDirectory({ users: { list } } as unknown as LabelStudioApi, 1)
    const find = () => directory.find('a@example.com', { maxAgeMs: 5_000 })
    await find()
    later(4_000)
    await find()
    expect(lists).toBe(1)
    later(2_000)
    await find()
    expect(lists).toBe(2)
  })

  it('the facts about Label Studio', async () => {
    let asked = 0
    const api = {
      version: async () => ({ edition: 'community', release: '1.23' }),
      async whoami() {
        asked += 1
        return { id: 1, email: 'o@o.o', activeOrganization: 1, organizationOwnerEmail: 'o@o.o' }
      },
    } as unknown as LabelStudioApi
    const source = installationSource({ api, access: memoryAdapters().access, tenant: 'acme' })
    await source.recent()
    later(4_000)
    await source.recent()
    expect(asked).toBe(1)
    later(2_000)
    await source.recent()
    expect(asked).toBe(2)
  })

  it('whether the host is ready', async () => {
    let isReady = false
    const app = express().get('/readyz', readiness({ database: async () => isReady }))
    await request(app).get('/readyz').expect(503)
    isReady = true
    later(1_100)
    await request(app).get('/readyz').expect(200)
  })

  it('that a host does not answer', () => {
    const breaker = createBreaker(1, wall)
    breaker.failed('acme', 30_000)
    later(29_000)
    expect(breaker.openFor('acme')).toBeGreaterThan(0)
    expect(breaker.openFor('acme')).toBeLessThanOrEqual(1_000)
    later(2_000)
    expect(breaker.openFor('acme')).toBeUndefined()
  })

  it('that the last contact was noted', async () => {
    const { access } = memoryAdapters()
    const note = contactRecorder({ access }, clock)
    const caller = { tenant: 'acme', name: 'okta' }
    await note(caller, 'first')
    later(59_000)
    expect(note(caller, 'second')).toBeUndefined()
    later(2_000)
    await note(caller, 'third')
    const noted = Date.parse((await access.getValue(scope, 'lastContact')) ?? '')
    expect(Math.abs(wall() - noted)).toBeLessThan(1_000)
  })

  it('a lease in memory, and a retry', async () => {
    const { access } = memoryAdapters()
    await access.mark(scope, ['ann', 'bob'])
    await access.claim({ owner: 'crashed', limit: 1, leaseMs: 8_000, userIds: ['ann'] })
    const [bob] = await access.claim({ owner: 'w', limit: 1, leaseMs: 8_000, userIds: ['bob'] })
    if (bob) await access.settle('w', bob, { kind: 'retry', afterMs: 8_000, error: 'busy' })
    later(7_000)
    expect(await access.claim({ owner: 'next', limit: 9, leaseMs: 1 })).toEqual([])
    later(2_000)
    expect(await access.nextDue()).toBeLessThanOrEqual(0)
    expect(await access.claim({ owner: 'next', limit: 9, leaseMs: 1 })).toHaveLength(2)
  })
})

describe('a machine that was suspended', () => {
  it('has kept its answers for as long as it slept', async () => {
    let asked = 0
    const answer = recent(async () => {
      asked += 1
      return asked
    }, 20_000)
    expect(await answer()).toBe(1)
    aheadMs = 19_000
    expect(await answer()).toBe(1)
    aheadMs = 21_000
    expect(await answer()).toBe(2)
  })
})

it('waits for a lease only as long as it should, though the clock is set back', async () => {
  const { access } = memoryAdapters()
  await access.mark(scope, ['ann'])
  await access.claim({ owner: 'other', limit: 1, leaseMs: 60_000, userIds: ['ann'] })
  const lease = { userId: 'ann', timeoutMs: 100 }
  const held = holdLeaseIfFree(access, scope, lease, async () => 'held')
  aheadMs = -hourMs
  expect(await held).toBe('busy')
})

describe('what a clock that was ahead has stored is over once it is right:', () => {
  it('losses of access', async () => {
    const { access } = memoryAdapters()
    aheadMs = tenYearsMs
    const losses = recentLosses(access, clock)
    losses.add(scope, { ids: ['ann', 'bob'], kind: 'inactive' })
    await losses.exchange(scope)
    expect(losses.known()).toBe(2)
    aheadMs = 0
    const other = recentLosses(access, clock)
    await other.exchange(scope)
    expect([losses.known(), other.known()]).toEqual([0, 0])
  })

  it('the permission for mass losses', async () => {
    const { access } = memoryAdapters()
    aheadMs = tenYearsMs
    await allowMassLoss(access, scope, clock())
    expect(await massLossAllowedUntil(access, scope, clock())).toBeDefined()
    aheadMs = 0
    expect(await massLossAllowedUntil(access, scope, clock())).toBeUndefined()
  })

  it('a sign-in to the settings', () => {
    const sessions = createSessions({ secret: undefined, minutes: 60, clock })
    aheadMs = tenYearsMs
    let cookie = ''
    const response = { cookie: (name: string, value: string) => (cookie = `${name}=${value}`) }
    const asked = { headers: {}, baseUrl: '' } as Request
    sessions.begin(asked, response as unknown as Response, 'secret-of-sixteen')
    const withCookie = { ...asked, headers: { cookie } } as Request
    expect(sessions.read(withCookie)).toBeDefined()
    aheadMs = 0
    expect(sessions.read(withCookie)).toBeUndefined()
  })

  it('that a gate is in use', async () => {
    const { access } = memoryAdapters()
    aheadMs = tenYearsMs
    await noteEnforcement(access, scope, 'off', { gate: 'old', now: clock() })
    aheadMs = 0
    await noteEnforcement(access, scope, 'enforce', { gate: 'new', now: clock() })
    expect(await enforcementOf(access, scope, clock())).toBe('enforce')
  })

  it('that a former person’s account stays closed, but not before five minutes', async () => {
    const { access } = memoryAdapters()
    const settings = { storage: { access }, deprovisioning: 'admin' } as LabelStudioSettings
    const admin = {
      change: async () => {},
      replaceCredentials: async () => ({ legacyToken: 'token', hadPersonalTokens: true }),
      get: async () => ({ isActive: false }),
    } as unknown as LabelStudioAdmin
    const api = {
      users: { leaveOrganization: async () => {} },
      revokePersonalTokens: async () => {},
    } as unknown as LabelStudioApi
    const former = formerCredentials({ api, admin, settings })
    aheadMs = tenYearsMs
    await former.end(scope, 'bob', 7)
    aheadMs = 0
    const tooEarly = { retryAfterSeconds: 310 }
    await expect(former.mayOpen(scope, 7)).rejects.toMatchObject(tooEarly)
    passedMs += 300_000
    await expect(former.mayOpen(scope, 7)).rejects.toMatchObject({ retryAfterSeconds: 10 })
    passedMs += 11_000
    await former.mayOpen(scope, 7)
  })
})
