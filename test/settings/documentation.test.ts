import fs from 'node:fs'
import path from 'node:path'
import { memoryAdapters } from '../../adapters/memory/index.js'
import { eventNames } from '../../lib/events/catalogue.js'
import { defaultPolicy } from '../../lib/mapping/index.js'
import { apiRoutes } from '../../lib/settings/api/routes.js'
import { adminTokens, type SettingsOptions, settingsRouter } from '../../lib/settings/index.js'

const root = path.join(__dirname, '../..')
const read = (file: string) => fs.readFileSync(path.join(root, file), 'utf8')

/** Rows of the table whose header begins with this cell, as lists of cells. */
function tableOf(text: string, header: string): string[][] {
  const start = text.search(new RegExp(`^\\| ${header} +\\|`, 'm'))
  const lines = text.slice(start).split('\n')
  const end = lines.findIndex((line) => !line.startsWith('|'))
  return lines.slice(2, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

const unquoted = (cell = '') => cell.replaceAll('`', '')

describe('docs/events.md', () => {
  it('lists every event, and no other', () => {
    const documented = tableOf(read('docs/events.md'), 'event').map(([name]) => unquoted(name))
    expect(documented).toEqual([...eventNames])
  })

  it('lists every attribute of an event, and no other', () => {
    const source = read('lib/events/catalogue.ts')
    const [, body = ''] = /interface AuditEntry \{([\s\S]*)\n\}/.exec(source) ?? []
    const names = [...body.matchAll(/^ {2}readonly (\w+)/gm)].map(([, name]) => name)
    const documented = tableOf(read('docs/events.md'), 'attribute').flatMap(([cell]) =>
      unquoted(cell).split(', '),
    )
    expect(documented.sort()).toEqual(names.sort())
  })
})

describe('docs/settings.md', () => {
  const text = read('docs/settings.md')

  it('lists every path of the API with its methods, and no other', () => {
    const documented = tableOf(text, 'path').map(([url, methods]) => [unquoted(url), methods])
    const routes = Object.entries(apiRoutes).map(([url, handlers]) => [
      url,
      Object.keys(handlers).join(', '),
    ])
    expect(documented).toEqual(routes)
  })

  it('lists every policy with its default', () => {
    const documented = tableOf(text, 'policy').map(([name, value]) => [
      unquoted(name),
      JSON.parse(unquoted(value)),
    ])
    expect(documented).toEqual(Object.entries(defaultPolicy))
  })
})

describe('settingsRouter', () => {
  const authorize = adminTokens([{ name: 'root', token: 'secret-of-sixteen' }])
  const build = (options: Partial<SettingsOptions>) => () =>
    settingsRouter(memoryAdapters(), { authorize, ...options })

  it.each([
    [
      { authorize: 'token' },
      'option "authorize" cannot be used. Give a function, e.g. adminTokens([…])',
    ],
    [{ workspaces: [] }, 'option "workspaces" is a list. Give a function'],
    [{ projects: [] }, 'option "projects" is a list. Give a function'],
    [{ onEvent: 1 }, 'option "onEvent" is a number. Give a function'],
    [{ onError: 1 }, 'option "onError" is a number. Give a function'],
    [{ clock: new Date() }, 'option "clock" is'],
    [{ reconciler: {} }, 'option "reconciler" is an object. Give what createReconciler returns'],
    [{ lossWarningShare: 1.1 }, 'option "lossWarningShare" is 1.1. Give a number from 0 to 1'],
    [{ sessionMinutes: 0 }, 'option "sessionMinutes" is 0. Give a whole number from 1 to 10080'],
    [
      { sessionSecret: 'short' },
      'option "sessionSecret" cannot be used. Give text of at least 32 characters',
    ],
    [{ maxPayloadBytes: 10 }, 'option "maxPayloadBytes" is 10. Give a whole number from 1024 to'],
    [{ scimUrl: 'scim/v2' }, 'option "scimUrl" cannot be used. Give an absolute http or https URL'],
    [{ policy: { ignoreCase: true } }, 'policy.ignoreCase is not that of the adapters'],
  ])('refuses %j, naming the fix', (options, message) => {
    expect(build(options as never)).toThrow(
      expect.objectContaining({
        code: 'ERR_SCIM_SETTINGS',
        message: expect.stringContaining(`settingsRouter: ${message}`),
      }),
    )
  })

  it('refuses adapters that keep no rules', () => {
    const { users, groups } = memoryAdapters()
    expect(() => settingsRouter({ users, groups }, { authorize })).toThrow(
      'settingsRouter: adapters.access is missing',
    )
  })

  it('reads the policy given for adapters that do not say', () => {
    const { policy: _, ...adapters } = memoryAdapters()
    expect(() =>
      settingsRouter(adapters, { authorize, policy: { onNoRole: 'x' as never } }),
    ).toThrow('policy: option "onNoRole" is "x"')
  })

  it.each([
    [[], 'adminTokens is not a list of at least one token'],
    [[{ name: 'a' }], 'adminTokens[0] must have one of token and digest'],
    [[{ name: 'a', token: 'not a token' }], 'adminTokens[0]: option "token" cannot be used'],
    [[{ name: 'a', token: 'fifteen-letters' }], 'Give at least 16 characters'],
  ])('refuses the tokens %j without repeating them', (tokens, message) => {
    expect(() => adminTokens(tokens)).toThrow(message)
    expect(() => adminTokens(tokens)).not.toThrow('not a token')
  })
})

describe('what the gate cannot do', () => {
  const security = read('docs/security.md').replace(/\s+/g, ' ')

  it('is in the guide: whoever has a person’s link can sign up as that person (S3)', () => {
    expect(security).toMatch(/anyone who has a person's link can sign up as that person/)
  })

  it('is in the guide: presigned URLs work until they expire (S4)', () => {
    expect(security).toMatch(/Presigned storage URLs work until they expire/)
  })
})
