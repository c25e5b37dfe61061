import { labelStudioAdapters, labelStudioOwner } from '../../adapters/label-studio/index.js'
import { memoryAdapters } from '../../adapters/memory/index.js'
import { sqlAdapters } from '../../adapters/sql/index.js'
import type { Kind, Option, OptionRows } from '../../lib/configuration/option.js'
import { readOptions } from '../../lib/configuration/read-options.js'
import {
  accessGate,
  bearerTokens,
  ConfigurationError,
  createReconciler,
  onSignIn,
  protectUsers,
  scimRouter,
} from '../../lib/index.js'
import { adminTokens, settingsRouter } from '../../lib/settings/index.js'
import { optionTables } from '../support/option-tables.js'

const secrets = [`scim_${'aB3'.repeat(14)}`, 'hunter2-of-the-owner', 'postgres://scim:hunter2@db/x']
const isPart = /aB3aB3|hunter2/
const adapters = memoryAdapters()

/** A secret in every place where a host could put it by mistake. */
const mistakes: [place: string, build: (secret: string) => unknown][] = [
  ['a list of tokens', (secret) => bearerTokens([secret as never])],
  ['an object of tokens', (secret) => bearerTokens({ okta: secret } as never)],
  ['the name of an option', (secret) => bearerTokens([{ [secret]: 1 } as never])],
  ['a token', (secret) => bearerTokens([{ name: 'a', token: { secret } as never }])],
  ['the list of administrators', (secret) => adminTokens([secret as never])],
  ['the options of the router', (secret) => scimRouter(adapters, secret as never)],
  ['the options of the gate', (secret) => accessGate(adapters, secret as never)],
  ['the options of the settings', (secret) => settingsRouter(adapters, [secret] as never)],
  ['the options of the reconciler', (secret) => createReconciler(adapters, secret as never)],
  ['the options of onSignIn', (secret) => onSignIn(adapters, scope, 'a@b.c', secret as never)],
  ['the scope of onSignIn', (secret) => onSignIn(adapters, secret as never, 'a@b.c')],
  ['a member of that scope', (secret) => onSignIn(adapters, { ...scope, [secret]: 1 }, 'a@b.c')],
  ['the adapters', (secret) => scimRouter(secret as never, {} as never)],
  ['a list of names', (secret) => protectUsers(adapters, secret as never)],
  ['the options of a database', (secret) => sqlAdapters(secret as never)],
  ['the address of a database', (secret) => sqlAdapters({ url: `x${secret}` })],
  ['the options of Label Studio', (secret) => labelStudioAdapters(secret as never)],
  ['the options of its owner', (secret) => labelStudioOwner([secret] as never)],
  ['the policy', (secret) => memoryAdapters({ policy: secret as never })],
  [
    'a deviation',
    (secret) => scimRouter(adapters, { ...router, deviations: { [secret]: secret } as never }),
  ],
  [
    'a schema',
    (secret) => scimRouter(adapters, { ...router, schemas: [{ [secret]: 1 } as never] }),
  ],
]
const scope = { tenant: 'default' }
const router = { authenticate: () => ({ tenant: 'default', name: 'a', scopes: [] }) }

describe.each(secrets)('a secret such as %s', (secret) => {
  it.each(mistakes)('is not repeated when it is given as %s', async (_, build) => {
    expect(await messageOf(() => build(secret))).not.toMatch(isPart)
  })

  it.each(optionTables.map((table) => [table.factory, table] as const))(
    'is not repeated for any option of %s',
    async (_, table) => {
      const valid = validOf(table.rows)
      expect(await messageOf(() => readOptions(table, secret as never))).not.toMatch(isPart)
      for (const [name, { type }] of Object.entries(table.rows)) {
        const wrong: unknown[] = [secret, [secret], { [secret]: 1 }, { secret }, [[secret]]]
        if (type.inside) {
          wrong.push(...Object.keys(type.inside).map((inside) => ({ [inside]: secret })))
        }
        for (const value of wrong.filter((each) => !type.accepts(each) || type.inside)) {
          const given = { ...valid, [name]: value }
          expect(await messageOf(() => readOptions(table, given as never))).not.toMatch(isPart)
        }
      }
    },
  )
})

describe('harmless values', () => {
  it.each([
    [{ pollMs: 3 }, 'createReconciler: option "pollMs" is 3. Give a whole number from 10'],
    [{ pollMs: '1000' }, 'option "pollMs" is text. Give a whole number'],
    [{ pollMs: null }, 'option "pollMs" is null.'],
    [{ onEvent: {} }, 'option "onEvent" is an object. Give a function.'],
  ])('are repeated, others are described: %j', (options, message) => {
    expect(() => createReconciler(adapters, options as never)).toThrow(message)
  })

  it('are repeated for a choice', () => {
    const build = () => memoryAdapters({ policy: { onNoRole: 'remove' as never } })
    expect(build).toThrow('option "onNoRole" is "remove". Give one of "deactivate"')
  })
})

describe('a secret that is undefined', () => {
  it.each([
    ['token', () => bearerTokens([{ name: 'okta', token: undefined as never }])],
    ['digest', () => bearerTokens([{ name: 'okta', digest: undefined as never }])],
    ['token', () => adminTokens([{ name: 'ann', token: undefined as never }])],
    ['url', () => sqlAdapters({ url: undefined as never })],
    [
      'token',
      () => labelStudioAdapters({ url: 'http://a', token: undefined as never, storage: adapters }),
    ],
  ])('is asked for with its environment variable: "%s"', async (name, build) => {
    expect(await messageOf(build)).toContain(
      `option "${name}" is undefined: is its environment variable set?`,
    )
  })
})

/** The message of the `ConfigurationError` that this throws. */
async function messageOf(build: () => unknown): Promise<string> {
  const error = await Promise.resolve()
    .then(build)
    .catch((reason: unknown) => reason)
  if (!(error instanceof ConfigurationError)) throw new Error(`not refused: ${String(error)}`)
  return error.message
}

/** Values that the required options accept. */
function validOf(rows: OptionRows): Record<string, unknown> {
  const required = Object.entries(rows).filter(([, option]) => option.required)
  return Object.fromEntries(required.map(([name, option]) => [name, validValue(option)]))
}

function validValue({ type }: Option): unknown {
  const candidates = ['a', 'http://127.0.0.1', 'sqlite:a', 'signIn', () => {}, adapters]
  return candidates.find((value) => (type as Kind).accepts(value))
}
