import { memoryAdapters } from '../../adapters/memory/index.js'
import { sqlAdapters } from '../../adapters/sql/index.js'
import { exemptionOf, exemptionsOf } from '../../lib/access/exemption.js'
import { protectUsers } from '../../lib/index.js'
import { emptyRecord } from '../../lib/stores/empty-record.js'
import { aScope, aUser } from '../adapters/support.js'

it('refuses names that are no list of texts, naming the fix', () => {
  for (const names of ['owner@example.com', [''], [7], undefined]) {
    expect(() => protectUsers(memoryAdapters(), names as never)).toThrow(
      'protectUsers: give a list of userNames, e-mail addresses or ids',
    )
  }
})

it('keeps a store whose methods need their own `this`', async () => {
  const adapters = memoryAdapters()
  const theirs = { kind: 'unmanaged', reason: 'The host says no.' } as const
  class Users {
    readonly #inner = adapters.users
    supports = this.#inner.supports
    get(...all: Parameters<typeof adapters.users.get>) {
      return this.#inner.get(...all)
    }
    exemptions() {
      return Promise.resolve(this.#inner ? [theirs] : [])
    }
  }
  const { supports: _, get: _get, exemptions: _own, ...others } = adapters.users
  const users = Object.assign(new Users(), others) as typeof adapters.users
  const { users: protectedUsers } = protectUsers({ ...adapters, users }, ['ann@example.com'])
  const scope = {
    tenant: 'default',
    actor: 'test',
    requestId: 'r',
    signal: AbortSignal.timeout(1_000),
  }
  await expect(protectedUsers.get(scope, 'none', { omit: new Set() })).resolves.toBeUndefined()
  const meta = { resourceType: 'User', created: '', lastModified: '', version: '1' }
  const ben = { id: '1', userName: 'ben', active: true, meta }
  const people = [ben, { ...ben, userName: 'ANN@example.com' }]
  await expect(protectedUsers.exemptions?.(scope, people)).resolves.toEqual([
    theirs,
    { kind: 'protected', reason: expect.stringMatching(/protected/) },
  ])
})

it('keeps every member of a store', async () => {
  const sql = await sqlAdapters({ url: 'sqlite::memory:' })
  const optional = {
    peopleAtOnce: 5,
    find: async () => [],
    currentAccess: async () => undefined,
    seats: async () => undefined,
    setPassword: async () => true,
    exemptions: async () => [],
  }
  const users = { ...sql.users, ...optional }
  const own = protectUsers({ ...sql, users }, ['ann']).users
  await sql.close()
  expect(Object.keys(own).sort()).toEqual(Object.keys(users).sort())
  const { accessAttributes, peopleAtOnce, deprovision, storage, supports } = users
  const same = { accessAttributes, peopleAtOnce, deprovision, storage, supports }
  expect(own).toMatchObject(same)
  // By which it is known that access ends with the change.
  expect(own.deprovision).toBe(users.deprovision)
})

describe('protectUsers', () => {
  const scope = aScope()
  const isProtected = async (names: readonly string[], attributes: object) => {
    const user = aUser({ userName: 'ben', ...attributes })
    const [found] =
      (await protectUsers(memoryAdapters(), names).users.exemptions?.(scope, [user])) ?? []
    return found?.kind === 'protected'
  }

  it.each([
    ['a userName', { userName: 'ann' }, true],
    ['a userName in another case', { userName: 'ANN' }, true],
    ['a userName with blanks around it', { userName: ' Ann\t' }, true],
    ['an address with a blank after it', { emails: [{ value: 'ann ' }] }, true],
    ['an id', { id: 'ann' }, true],
    ['an id in another case', { id: 'ANN' }, false],
    ['an address', { emails: [{ value: 'x@example.com' }, { value: 'Ann' }] }, true],
    ['an address as a text', { emails: ['ann'] }, true],
    ['an address in a list', { emails: [['ann']] }, false],
    ['emails that are none', { emails: [null, 7, { value: 7 }, {}] }, false],
    ['emails that are no list', { emails: { value: 'ann' } }, false],
    ['a displayName', { displayName: 'ann' }, false],
    ['no userName', { userName: undefined }, false],
  ])('finds %s: %j is %s', async (_, attributes, expected) => {
    expect(await isProtected(['ann'], attributes)).toBe(expected)
    expect(await isProtected([' ann '], { id: '1', ...attributes })).toBe(
      expected && !('id' in attributes),
    )
  })
})

describe('the exemptions of a store', () => {
  const user = aUser()

  it('are none where the store knows none, and nobody is asked about', async () => {
    const { exemptions: _, ...users } = memoryAdapters().users
    const adapters = { ...memoryAdapters(), users }
    expect(await exemptionsOf(adapters, aScope(), [user])).toEqual([])
    expect(await exemptionOf(adapters, aScope(), user)).toBeUndefined()
  })

  it('are asked for with the records that are known, and not for nobody', async () => {
    const exemptions = jest.fn(async () => [{ kind: 'protected', reason: 'x' } as const])
    const adapters = { ...memoryAdapters(), users: { ...memoryAdapters().users, exemptions } }
    const record = emptyRecord(user.id, new Date())
    const scope = aScope()
    expect(await exemptionsOf(adapters, scope, [])).toEqual([])
    expect(exemptions).not.toHaveBeenCalled()
    expect(await exemptionOf(adapters, scope, user, record)).toMatchObject({ reason: 'x' })
    expect(await exemptionOf(adapters, scope, user)).toMatchObject({ kind: 'protected' })
    expect(exemptions.mock.calls).toEqual([
      [scope, [user], [record]],
      [scope, [user], undefined],
    ])
  })
})
