import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { freePort, retried, stopped, unprivilegedAccount } from './postgres-server.js'

/** A running PgBouncer in front of a PostgreSQL. */
export interface Pooler {
  /** The address of the same database, through the pooler. */
  readonly url: string
  stop(): Promise<void>
}

/**
 * Starts PgBouncer, which must be installed (Debian: `apt-get install pgbouncer`).
 *
 * @param url the database behind it
 * @param settings of PgBouncer, such as `pool_mode`
 * @throws Error when it does not start
 */
export async function startPooler(
  url: string,
  settings: Readonly<Record<string, string | number>>,
): Promise<Pooler> {
  const account = unprivilegedAccount()
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'scim-pooler-'))
  const { hostname, port, pathname, username } = new URL(url)
  const ownPort = await freePort()
  const own = { listen_addr: '127.0.0.1', listen_port: ownPort, unix_socket_dir: '' }
  const users = path.join(folder, 'users.txt')
  const all = { ...own, auth_type: 'trust', auth_file: users, ...settings }
  const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}`)
  const file = path.join(folder, 'pgbouncer.ini')
  fs.writeFileSync(users, `"${username}" ""\n`)
  fs.writeFileSync(
    file,
    `[databases]\n* = host=${hostname} port=${port}\n[pgbouncer]\n${lines.join('\n')}\n`,
  )
  fs.chmodSync(folder, 0o755)
  const pooler = spawn('pgbouncer', [file], { ...account, cwd: folder, stdio: 'ignore' })
  const pooled = `postgres://${username}@127.0.0.1:${ownPort}${pathname}`
  const stop = async () => {
    await stopped(pooler, 'SIGKILL')
    fs.rmSync(folder, { recursive: true, force: true })
  }
  try {
    await once(pooler, 'spawn')
    await retried(() => connected(pooled))
  } catch (error) {
    await stop()
    throw new Error('PgBouncer does not start. Is it installed?', { cause: error })
  }
  return { url: pooled, stop }
}

/** Connects once. */
async function connected(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.end()
}
