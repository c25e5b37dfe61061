import fs from 'node:fs'
import path from 'node:path'
import { identifyLabelStudioUser } from '../../adapters/label-studio/api/index.js'
import { importerOf } from '../../adapters/label-studio/import/import.js'
import {
  labelStudioAdapters,
  labelStudioOwner,
  labelStudioPolicy,
} from '../../adapters/label-studio/index.js'
import { memoryAdapters } from '../../adapters/memory/index.js'
import { sqlAdapters } from '../../adapters/sql/index.js'
import {
  accessGate,
  bearerTokens,
  createReconciler,
  onSignIn,
  scimRouter,
} from '../../lib/index.js'
import { mappingPolicy } from '../../lib/mapping/index.js'
import { settingsRouter } from '../../lib/settings/index.js'
import { type OptionRow, optionTables, rowsOf } from '../support/option-tables.js'

const root = path.join(__dirname, '../..')
const page = fs.readFileSync(path.join(root, 'docs/options.md'), 'utf8')

/** Asks no Label Studio before it has read its options. */
const importer = () => importerOf({ settings: { storage: memoryAdapters() } } as never)

/** A misspelt option of each factory, and the name it was meant to be. */
const misspelt: [factory: string, build: () => unknown, meant: string][] = [
  ['scimRouter', () => scimRouter(memoryAdapters(), { audits: 1 } as never), 'audit'],
  [
    'scimRouter',
    () =>
      scimRouter(memoryAdapters(), { authenticate: () => {}, limits: { maxResult: 1 } } as never),
    'limits.maxResults',
  ],
  ...['maxbodybytes', 'maxBodyByte'].map((name): [string, () => unknown, string] => [
    'scimRouter',
    () => scimRouter(memoryAdapters(), { authenticate: () => {}, limits: { [name]: 1 } } as never),
    'limits.maxPayloadBytes',
  ]),
  ...['maxBodyBytes', 'maxPayloadByte'].map((name): [string, () => unknown, string] => [
    'scimRouter',
    () => scimRouter(memoryAdapters(), { [name]: 1 } as never),
    'limits.maxPayloadBytes',
  ]),
  ['bearerTokens[0]', () => bearerTokens([{ expires: '2030-01-01' } as never]), 'expiresAt'],
  [
    'bearerTokens options',
    () => bearerTokens([{ name: 'a', token: 'a-token-of-the-tests' }], { clok: 1 } as never),
    'clock',
  ],
  [
    'accessGate',
    () => accessGate(memoryAdapters(), { unknownPeopel: 'refuse' } as never),
    'unknownPeople',
  ],
  [
    'createReconciler',
    () => createReconciler(memoryAdapters(), { concurency: 1 } as never),
    'concurrency',
  ],
  [
    'onSignIn',
    () =>
      onSignIn(memoryAdapters(), { tenant: 'a' }, 'a@example.com', { unkownPeople: 1 } as never),
    'unknownPeople',
  ],
  ['settingsRouter', () => settingsRouter(memoryAdapters(), { autorize: 1 } as never), 'authorize'],
  ['policy', () => mappingPolicy({ onNoRoles: 'keep' } as never), 'onNoRole'],
  ['memoryAdapters', () => memoryAdapters({ targets: 1 } as never), 'target'],
  ['sqlAdapters', () => sqlAdapters({ poolsize: 1 } as never), 'poolSize'],
  ['labelStudioAdapters', () => labelStudioAdapters({ adoptt: 'none' } as never), 'adopt'],
  ['importer.start', () => importer().start({ intervallMs: 1_000 } as never), 'intervalMs'],
  ['identifyLabelStudioUser', () => identifyLabelStudioUser({ cacheMS: 1 } as never), 'cacheMs'],
  ['labelStudioOwner', () => labelStudioOwner({ tennant: 'a' } as never), 'tenant'],
  ['labelStudioPolicy', () => labelStudioPolicy({ onRefusall: 1 } as never), 'onRefusal'],
]

describe('an option nobody knows', () => {
  it.each(misspelt)('is refused by %s with the name it was meant to be', async (...row) => {
    const [factory, build, meant] = row
    const failure = await Promise.resolve()
      .then(build)
      .catch((error: unknown) => error)
    expect(failure).toMatchObject({
      name: 'ConfigurationError',
      message: expect.stringContaining(`Did you mean "${meant}"?`),
    })
    expect((failure as Error).message).toMatch(
      new RegExp(`^${factory.replace(/\W/g, '\\$&')}: option`),
    )
  })

  it('is tried with every table of options', () => {
    const tried = misspelt.map(([factory]) => factory.replace('[0]', ''))
    expect([...new Set(tried)].sort()).toEqual(optionTables.map(({ factory }) => factory).sort())
  })
})

describe('options that are a promise', () => {
  it('say that an await was forgotten', () => {
    expect(() => accessGate(memoryAdapters(), Promise.resolve({}) as never)).toThrow('Await it')
  })
})

describe('docs/options.md', () => {
  it.each(optionTables.map((table) => [table.factory, table] as const))(
    'has the options of %s with default and range, and no other',
    (factory, { rows }) => {
      expect(documentedRows(factory)).toEqual(rowsOf(rows).map(shownRow).sort())
    },
  )
})

/** Rows of the tables below a factory's heading, without the meaning. */
function documentedRows(factory: string): string[] {
  const [, section = ''] =
    new RegExp(`^## \`${factory}[^\\n]*\\n([\\s\\S]*?)(?=^## |$(?![\\s\\S]))`, 'm').exec(page) ?? []
  return [...section.matchAll(/^\| (`[^`]+` \| .*) \| .+ \|$/gm)].map(([, row = '']) => row).sort()
}

function shownRow({ name, shown, range = '' }: OptionRow): string {
  return `\`${name}\` | ${shown} | ${range}`
}

describe('every option', () => {
  const sources = ['lib', 'adapters'].flatMap((folder) =>
    fs
      .readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => fs.readFileSync(path.join(root, folder, name), 'utf8')),
  )
  /** Declarations of types and tables, comments and keys of objects read nothing. */
  const code = sources
    .join('\n')
    .replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
    .replace(/^\s*(readonly )?\w+\??: .*$/gm, (line) =>
      /^\s*readonly|\?:|\{ type/.test(line) ? '' : line,
    )

  it.each(optionTables.map((table) => [table.factory, table] as const))(
    'of %s is read somewhere (issue 16.5)',
    (_, { rows }) => {
      const names = rowsOf(rows).map(({ name }) => name.split('.').at(-1) ?? '')
      const unread = names.filter((name) => !new RegExp(`[.{,\\s]${name}\\b(?!\\??:)`).test(code))
      expect(unread).toEqual([])
    },
  )
})
