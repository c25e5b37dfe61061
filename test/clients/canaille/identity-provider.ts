import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startClient } from '../client.js'
import { canaille } from '../installations.js'

export type Kind = 'user' | 'group'
/** Options of Canaille's command line without their dashes; a list repeats the option. */
export type Attributes = Readonly<Record<string, string | readonly string[]>>

/**
 * A whole identity provider, driven by its own command line, that pushes to one service provider.
 */
export interface Canaille {
  /** Answers the new resource's id in Canaille. */
  create(kind: Kind, attributes: Attributes): Promise<string>
  set(kind: Kind, id: string, attributes: Attributes): Promise<void>
  delete(kind: Kind, id: string): Promise<void>
  stop(): Promise<void>
}

/**
 * Installs Canaille where it is missing and connects it to a service provider.
 *
 * @param baseUrl where SCIM is, e.g. `http://127.0.0.1:3000/scim/v2`
 * @param token   the bearer token that Canaille sends
 * @throws Error when a command of Canaille fails, or when it logs that a push has failed
 */
export async function startCanaille(baseUrl: string, token: string): Promise<Canaille> {
  const { python } = await canaille()
  const folder = await mkdtemp(path.join(tmpdir(), 'canaille-'))
  const config = path.join(folder, 'canaille.toml')
  await writeFile(config, configuration(folder))
  const program = startClient({
    name: 'canaille',
    // Canaille finds its configuration by a variable.
    command: 'env',
    parameters: [`CANAILLE_CONFIG=${config}`, python, path.join(__dirname, 'commands.py')],
    baseUrl,
    token,
  })
  const run = async (...parameters: string[]): Promise<string> => {
    const { code, stdout, stderr } = await program.do('run', { parameters })
    if (code !== 0 || failure.test(stderr)) {
      throw new Error(`canaille ${parameters.join(' ')}: ${code} ${stderr}`)
    }
    return stdout
  }
  const stop = async () => {
    await program.stop()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await run('db', 'upgrade')
    await run('create', 'client', ...toParameters(clientOf(baseUrl)))
    await run('create', 'token', ...toParameters(tokenOf(token)))
  } catch (error) {
    await stop()
    throw error
  }
  return {
    async create(kind, attributes) {
      const created = await run('create', kind, ...toParameters(attributes))
      return JSON.parse(created).id
    },
    async set(kind, id, attributes) {
      await run('set', kind, id, ...toParameters(attributes))
    },
    async delete(kind, id) {
      await run('delete', kind, '--noconfirm', '--id', id)
    },
    stop,
  }
}

/** How Canaille says that it could not push; its exit code is 0 all the same. */
const failure = /SCIM protocol not supported|for client .* failed|Unable to find user/

/** Passwords are kept as they are, because Canaille pushes what it keeps. */
function configuration(folder: string): string {
  return `
SECRET_KEY = "a-key-of-the-clients-suite"
SERVER_NAME = "auth.example.com"
PREFERRED_URL_SCHEME = "https"
[CANAILLE]
[CANAILLE_SQL]
DATABASE_URI = "sqlite:///${path.join(folder, 'canaille.db')}"
PASSWORD_SCHEMES = "plaintext"
[CANAILLE_OIDC]
TRUSTED_DOMAINS = ["127.0.0.1"]
[CANAILLE_SCIM]
ENABLE_CLIENT = true
`
}

const clientOf = (baseUrl: string): Attributes => ({
  'client-id': 'label-studio-scim',
  'client-name': 'label-studio-scim',
  'client-uri': baseUrl,
})

const tokenOf = (token: string): Attributes => ({
  'token-id': 'scim',
  'access-token': token,
  client: 'label-studio-scim',
  scope: 'openid',
  'issue-date': new Date().toISOString(),
  lifetime: '86400',
})

function toParameters(attributes: Attributes): string[] {
  return Object.entries(attributes).flatMap(([name, values]) =>
    [values].flat().flatMap((value) => [`--${name}`, value]),
  )
}
