import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { commands } from '../../command/commands.js'
import { requireLabelStudio } from '../../command/label-studio.js'
import { readEnvironment } from '../../command/serve/environment.js'
import { variables } from '../../command/variables.js'
import { digestToken } from '../../lib/index.js'
import { startHost } from '../host/start-host.js'
import { buildCommand, runCommand } from './run-command.js'

const root = path.join(__dirname, '../..')
const names = Object.keys(commands)

beforeAll(buildCommand, 120_000)

describe('the program label-studio-scim', () => {
  it('lists its commands', async () => {
    const { code, stdout } = await runCommand(['--help'])
    expect(code).toBe(0)
    for (const name of names) expect(stdout).toMatch(new RegExp(`^  ${name} +\\S`, 'm'))
  })

  it('tells its version', async () => {
    const { version } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'))
    expect(await runCommand(['--version'])).toEqual({
      code: 0,
      stdout: `${version}\n`,
      stderr: '',
    })
  })

  it('says which Node.js it needs before it does anything', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'scim-node-'))
    const preload = path.join(folder, 'old.cjs')
    const versions = "{ ...process.versions, node: '18.20.8' }"
    fs.writeFileSync(preload, `Object.defineProperty(process, 'versions', { value: ${versions} })`)
    const { code, stdout, stderr } = await runCommand(['token'], {
      NODE_OPTIONS: `--require ${preload}`,
    })
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toBe('label-studio-scim needs Node.js 20.19, 22.12 or newer. This is 18.20.8.\n')
    fs.rmSync(folder, { recursive: true })
  })

  it.each([[], ['help'], ['--serve'], ['constructor']])('does not know %j', async (...words) => {
    const { code, stdout, stderr } = await runCommand(words)
    expect([code, stdout]).toEqual([2, ''])
    const complaint = words.length === 0 ? '' : `There is no command "${words[0]}".\n\n`
    expect(stderr.startsWith(`${complaint}Usage: label-studio-scim <command>`)).toBe(true)
  })

  it.each(names)('helps with %s, and names its options and variables', async (name) => {
    const { code, stdout } = await runCommand([name, '--help'])
    const { options = {}, variables: read } = commands[name] ?? { variables: [] }
    expect(code).toBe(0)
    expect(stdout).toMatch(new RegExp(`^Usage: label-studio-scim ${name} `))
    for (const option of ['json', 'help', ...Object.keys(options)]) {
      expect(stdout).toMatch(new RegExp(`^  --${option} `, 'm'))
    }
    for (const variable of read) expect(stdout).toMatch(new RegExp(`^  ${variable} +\\S`, 'm'))
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100)
  })

  it.each(names)('refuses an option that %s does not have, and does nothing', async (name) => {
    const { code, stdout, stderr } = await runCommand([name, '--jsno'])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toBe(
      `Unknown option '--jsno'.\n"label-studio-scim ${name} --help" shows how to use it.\n`,
    )
  })

  const labelStudio = { LABEL_STUDIO_URL: 'http://127.0.0.1:1', LABEL_STUDIO_TOKEN: 'x' }
  const sameToken = 'a-token-of-24-characters'

  it.each([
    [{ LABEL_STUDIO_TOKEN: 'x' }, 'LABEL_STUDIO_TOKEN is set: give the base URL'],
    [
      { ...labelStudio, LABEL_STUDIO_URL: 'localhost:8080' },
      'LABEL_STUDIO_URL is not an http or https URL. Give the base URL',
    ],
    [{ ...labelStudio, LABEL_STUDIO_EMAIL: 'o@example.com' }, 'Give both LABEL_STUDIO_EMAIL and'],
    [{ ...labelStudio, LABEL_STUDIO_PASSWORD: 'secret' }, 'Give both LABEL_STUDIO_EMAIL and'],
    [{ SCIM_TOKEN: sameToken, ADMIN_TOKEN: sameToken }, 'SCIM_TOKEN and ADMIN_TOKEN are the same'],
    [
      { SCIM_TOKEN_DIGEST: digestToken(sameToken), ADMIN_TOKEN: sameToken },
      'SCIM_TOKEN and ADMIN_TOKEN are the same',
    ],
    [{ TRUST_PROXY: 'banana', PORT: '0' }, 'TRUST_PROXY cannot be used: invalid IP address'],
    [
      { HOST: 'no.such.host.invalid', PORT: '0' },
      'Cannot listen on port 0 of no.such.host.invalid',
    ],
  ])('does not start with %j, and says why', async (environment, problem) => {
    const { code, stdout, stderr } = await runCommand(['serve'], {
      DATABASE_URL: 'sqlite::memory:',
      ...environment,
    })
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain(problem)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })

  it('refuses a word too many', async () => {
    const { code, stderr } = await runCommand(['token', 'okta'])
    expect([code, stderr]).toEqual([2, expect.stringContaining('Unexpected word "okta".')])
  })

  it('says in the help of serve every variable that serve reads', () => {
    const read = new Set<string>()
    const recording = new Proxy<Record<string, string>>(
      { LABEL_STUDIO_URL: 'http://127.0.0.1', LABEL_STUDIO_TOKEN: 'x', SETTINGS_PORT: '1' },
      {
        get(target, name) {
          read.add(String(name))
          return target[String(name)]
        },
      },
    )
    readEnvironment(recording)
    requireLabelStudio(recording)
    expect([...read].sort()).toEqual([...(commands['serve']?.variables ?? [])].sort())
  })

  it('describes no variable that no command reads', () => {
    const read = new Set(Object.values(commands).flatMap((command) => command.variables))
    expect(Object.keys(variables).filter((name) => !read.has(name as never))).toEqual([])
  })
})

describe('label-studio-scim token', () => {
  it('makes another token each time, with its digest', async () => {
    const [first, second] = await Promise.all([
      runCommand(['token', '--json']),
      runCommand(['token', '--json']),
    ])
    const made = JSON.parse(first.stdout) as { token: string; digest: string }
    expect(made.digest).toBe(digestToken(made.token))
    expect(second.stdout).not.toBe(first.stdout)
  })

  it('prints them for people', async () => {
    const { stdout } = await runCommand(['token'])
    const [, token = '', digest] = /^token {3}(\S+)\ndigest {2}(\S+)\n/.exec(stdout) ?? []
    expect(digest).toBe(digestToken(token))
  })
})

describe('label-studio-scim migrate', () => {
  it('says that it created a database, and where, and may be run again', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'scim-migrate-'))
    const file = `${folder}/new/scim.db`
    const environment = { DATABASE_URL: `sqlite:${file}` }
    const first = await runCommand(['migrate'], environment)
    expect([first.code, first.stdout]).toEqual([0, `Created a new database: ${file}\n`])
    const again = await runCommand(['migrate', '--json'], environment)
    expect([again.code, JSON.parse(again.stdout)]).toEqual([
      0,
      { database: environment.DATABASE_URL, migrated: true },
    ])
    const other = await runCommand(['migrate', '--json'], { DATABASE_URL: `sqlite:${file}2` })
    expect(JSON.parse(other.stdout)).toMatchObject({ created: `${file}2` })
    fs.rmSync(folder, { recursive: true })
  })

  it('says what is wrong with a path below a file', async () => {
    const { code, stderr } = await runCommand(['migrate'], {
      DATABASE_URL: `sqlite:${__filename}/x`,
    })
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^DATABASE_URL cannot be used: /)])
  })

  it('says what is wrong with the address, and never the password', async () => {
    const address = 'postgres://scim:secret@127.0.0.1:1/scim'
    const { code, stderr } = await runCommand(['migrate'], { DATABASE_URL: address })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^DATABASE_URL cannot be used: /)
    expect(stderr).not.toContain('secret')
  })
})

describe('label-studio-scim reconcile', () => {
  const labelStudio = { LABEL_STUDIO_URL: 'http://127.0.0.1:1', LABEL_STUDIO_TOKEN: 'x' }
  const refused = async (file: string) => {
    const environment = { ...labelStudio, DATABASE_URL: `sqlite:${file}` }
    const { code, stderr } = await runCommand(['reconcile'], environment)
    expect([code, stderr]).toEqual([1, expect.stringContaining(`there is no database in ${file}.`)])
  }

  it('creates no database for a mistyped path', async () => {
    const file = path.join(os.tmpdir(), 'scim-mistyped', 'scim.db')
    await refused(file)
    expect(fs.existsSync(path.dirname(file))).toBe(false)
  })

  it('creates none in an empty file, nor in one whose name begins like that of memory', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'scim-empty-'))
    const file = path.join(folder, 'scim.db')
    fs.writeFileSync(file, '')
    await refused(file)
    expect(fs.statSync(file).size).toBe(0)
    await refused(path.join(folder, ':memory:x'))
    fs.rmSync(folder, { recursive: true })
  })
})

describe('label-studio-scim serve', () => {
  it('knows tokens by their digests, several while they are rotated, and prints none', async () => {
    const [before, after] = ['the-token-of-yesterday', 'the-token-of-tomorrow']
    const host = await startHost({
      DATABASE_URL: 'sqlite::memory:',
      SCIM_TOKEN_DIGEST: [before, after].map(digestToken).join(','),
    })
    try {
      for (const token of [before, after]) expect(await statusWith(host.origin, token)).toBe(200)
      expect(await statusWith(host.origin, 'another-token-of-somebody')).toBe(401)
      expect(host.output).toContain('SCIM token     as set')
    } finally {
      expect((await host.stop()).code).toBe(0)
    }
  })

  it('says whether it created its database', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'scim-serve-'))
    const database = `sqlite:${folder}/scim.db`
    const outputs = []
    for (const _time of [1, 2]) {
      const host = await startHost({ DATABASE_URL: database })
      outputs.push(/^database.*$/m.exec(host.output)?.[0])
      await host.stop()
    }
    const line = `database       ${database}`
    expect(outputs).toEqual([`${line} (new: ${folder}/scim.db)`, line])
    fs.rmSync(folder, { recursive: true })
  })

  it.each([
    [{ SCIM_TOKEN_DIGEST: 'abc' }, 'SCIM_TOKEN_DIGEST must be digests'],
    [{ SCIM_TOKEN: 'short' }, 'SCIM_TOKEN must have at least 16 characters'],
    [{ LABEL_STUDIO_URL: 'http://127.0.0.1:1' }, 'LABEL_STUDIO_URL is set: give the token'],
  ])('refuses %j', async (environment, message) => {
    const { code, stderr } = await runCommand(['serve'], environment)
    expect([code, stderr]).toEqual([1, expect.stringMatching(message)])
  })
})

async function statusWith(origin: string, token: string): Promise<number> {
  const headers = { Authorization: `Bearer ${token}` }
  return (await fetch(`${origin}/scim/v2/Users`, { headers })).status
}
