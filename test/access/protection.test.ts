import { memoryAdapters } from '../../adapters/memory/index.js'
import { protectUsers } from '../../lib/index.js'

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
