import {
  labelStudioAdapters,
  labelStudioOwner,
  sinceFirstRule,
} from '../../adapters/label-studio/index.js'
import { memoryAdapters } from '../../adapters/memory/index.js'
import {
  accessGate,
  bearerTokens,
  ConfigurationError,
  createInvitation,
  onSignIn,
} from '../../lib/index.js'
import { adminTokens } from '../../lib/settings/index.js'
import { aScope, aUser, writeOf } from '../adapters/support.js'

const adapters = memoryAdapters()
const token = 'a-token-of-the-tests'
const email = 'ann@example.com'

/** What a host that is not checked by a compiler may give as a scope. */
const scopes: [what: string, scope: unknown, message: RegExp][] = [
  ['nothing', undefined, /the options are undefined\. Give an object with tenant/],
  ['null', null, /the options are null/],
  ['a text', 'default', /the options are text\. Give an object with tenant/],
  ['a promise', Promise.resolve({ tenant: 'default' }), /Await it/],
  ['no tenant', {}, /"tenant" is missing/],
  ['a misspelt tenant', { tenat: 'default' }, /Did you mean "tenant"\?/],
  ['a tenant that is undefined', { tenant: undefined }, /"tenant" is missing/],
  ['an empty tenant', { tenant: '' }, /"tenant" is empty/],
  ['a tenant that is a number', { tenant: 5 }, /"tenant" is a number/],
  ['an unknown member', { tenant: 'default', user: 1 }, /"user" does not exist/],
  ['no signal', { tenant: 'default', signal: {} }, /"signal" is an object/],
]

/** Every function of the package that takes a scope. */
const takers: [name: string, call: (scope: never) => Promise<unknown>][] = [
  ['onSignIn', (scope) => onSignIn(adapters, scope, email)],
  ['createInvitation', (scope) => createInvitation(adapters, scope, aUser())],
  ['sinceFirstRule', (scope) => sinceFirstRule(adapters)(scope)],
]

describe.each(takers)('the scope of %s', (name, call) => {
  it.each(scopes)('is refused with a plain sentence when it is %s', async (_, scope, message) => {
    const error = await call(scope as never).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(ConfigurationError)
    expect(error).toMatchObject({ message: expect.stringMatching(message) })
    expect((error as Error).message).toMatch(new RegExp(`^${name} scope: `))
  })

  it('may be a whole scope', async () => {
    await expect(call(aScope('default') as never)).resolves.not.toThrow()
  })
})

/** Every function of the package that takes a tenant among its options. */
const tenants: [name: string, build: (tenant: never) => unknown][] = [
  ['accessGate', (tenant) => accessGate(adapters, { identify: identifyNobody, tenant })],
  ['bearerTokens', (tenant) => bearerTokens([{ name: 'a', token, tenant }])],
  ['adminTokens', (tenant) => adminTokens([{ name: 'a', token, tenant }])],
  ['labelStudioOwner', (tenant) => labelStudioOwner({ url: 'http://127.0.0.1:1', tenant })],
  [
    'labelStudioAdapters',
    (tenant) =>
      labelStudioAdapters({ url: 'http://127.0.0.1:1', token, storage: adapters, tenant }),
  ],
]
const identifyNobody = async () => ({ identities: [], isComplete: true })

describe.each(tenants)('the tenant of %s', (_, build) => {
  it.each(['', 5, null, {}])('is refused when it is %j', (tenant) => {
    expect(() => build(tenant as never)).toThrow(ConfigurationError)
  })
})

describe('a sign-in', () => {
  it('is refused for whoever is deprovisioned, in each form of the scope', async () => {
    const scope = aScope('default')
    const user = { ...aUser(), userName: email, active: false }
    await adapters.users.create(scope, user, writeOf(user))
    for (const given of [{ tenant: 'default' }, scope]) {
      expect(await onSignIn(adapters, given, email)).toMatchObject({ allowed: false })
    }
  })

  it.each([undefined, null, '', '  ', [email], 5])(
    'is an error when the address is %j, whoever may enter',
    async (address) => {
      const call = onSignIn(adapters, { tenant: 'default' }, address as never)
      await expect(call).rejects.toMatchObject({
        name: 'ConfigurationError',
        code: 'ERR_SCIM_SIGN_IN',
        message: expect.stringContaining('the e-mail address is missing'),
      })
    },
  )
})
