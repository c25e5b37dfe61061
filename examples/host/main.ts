/**
 * A complete SCIM service provider on one machine: `npm start`. Environment variables, all optional: PORT, HOST,
 * SCIM_TOKEN, ADMIN_TOKEN, SETTINGS_PORT and SETTINGS_HOST (a port of their own for the settings), DATABASE_URL (`sqlite:PATH`, `sqlite::memory:` or `postgres://…`). With LABEL_STUDIO_URL and
 * LABEL_STUDIO_TOKEN it provisions that Label Studio and stands in front of it as a proxy; LABEL_STUDIO_EMAIL and
 * LABEL_STUDIO_PASSWORD are the owner's sign-in (Community).
 */
import fs from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { createReconciler } from 'label-studio-scim'
import {
  type LabelStudioAdapters,
  labelStudioAdapters,
} from 'label-studio-scim/adapters/label-studio'
import { type SqlAdapters, sqlAdapters } from 'label-studio-scim/adapters/sql'
import { labelStudioProxy } from '../label-studio-proxy/proxy.js'
import { createApp, createSettingsApp } from './app.js'
import { type Environment, type LabelStudioEnvironment, readEnvironment } from './environment.js'
import { answersAt } from './ready.js'
import { closeServer, stopOnSignals } from './stop.js'

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})

async function main(): Promise<void> {
  const environment = readEnvironment(process.env)
  const storage = await openDatabase(environment.databaseUrl)
  const labelStudio = environment.labelStudio && provision(storage, environment.labelStudio)
  const adapters = labelStudio?.adapters ?? storage
  const reconciler = createReconciler(adapters)
  const { scimToken, adminToken } = environment
  const choices = labelStudio && {
    projects: labelStudio.adapters.projects,
    workspaces: labelStudio.adapters.workspaces,
  }
  const parts = {
    adapters,
    reconciler,
    scimToken,
    adminToken,
    checks: {
      database: async () => {
        await storage.access.nextDue()
        return true
      },
      migrations: storage.isMigrated,
      ...(labelStudio && { labelStudio: () => answersAt(labelStudio.url) }),
    },
    ...(choices && { choices }),
    hasOwnSettings: environment.settings !== undefined,
  }
  const app = createApp(parts)
  const proxy = labelStudio && labelStudioProxy(app, labelStudio.adapters, labelStudio.url)
  const server = createServer(app)
  proxy?.attach(server)
  const settings = environment.settings && createServer(createSettingsApp(parts))

  const stop = async () => {
    proxy?.close()
    await Promise.all([server, settings].map((each) => each && closeServer(each)))
    await Promise.all([labelStudio?.adapters.importer.stop(), reconciler.stop()])
    await storage.close()
  }
  try {
    await listen(server, environment)
    if (settings && environment.settings) await listen(settings, environment.settings)
  } catch (error) {
    await stop()
    throw error
  }
  reconciler.start()
  labelStudio?.adapters.importer.start()
  stopOnSignals(stop)
  if (labelStudio) await tellFindings(labelStudio.adapters)
  announce(environment, originOf(server), originOf(settings ?? server))
}

function provision(storage: SqlAdapters, { url, ...rest }: LabelStudioEnvironment) {
  return { url, adapters: labelStudioAdapters({ url, ...rest, storage }) }
}

/** Whether Label Studio allows what is wanted; it may also be down now and come later. */
async function tellFindings(adapters: LabelStudioAdapters): Promise<void> {
  for (const { level, message } of await adapters.examine()) {
    console.log(`${level === 'ok' ? 'Label Studio  ' : `${level.toUpperCase()}:`} ${message}`)
  }
}

function listen(server: Server, { port, host }: Pick<Environment, 'port' | 'host'>): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
}

async function openDatabase(url: string): Promise<SqlAdapters> {
  const file = /^sqlite:(?!:memory:)(.+)$/.exec(url)?.[1]
  if (file !== undefined) fs.mkdirSync(path.dirname(file), { recursive: true })
  try {
    return await sqlAdapters({ url })
  } catch (error) {
    throw new Error(`DATABASE_URL cannot be used: ${(error as Error).message}`, { cause: error })
  }
}

function originOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}

/** Says where everything is. The line that tools wait for comes last. */
function announce(environment: Environment, origin: string, settingsOrigin: string): void {
  const { generated, scimToken, adminToken, databaseUrl } = environment
  const shown = (name: string, token: string) =>
    generated.includes(name) ? `${token} (made for this run; ${name} sets one)` : `as ${name} says`
  console.log(`SCIM base URL  ${origin}/scim/v2`)
  console.log(`SCIM token     ${shown('SCIM_TOKEN', scimToken)}`)
  console.log(
    `settings       ${settingsOrigin}/scim/settings and ${settingsOrigin}/api/scim/settings`,
  )
  console.log(`admin token    ${shown('ADMIN_TOKEN', adminToken)}`)
  console.log(`health check   ${origin}/healthz and ${origin}/readyz`)
  if (environment.labelStudio) console.log(`Label Studio   ${origin}/ (behind the access gate)`)
  console.log(`database       ${databaseUrl.replace(/\/\/[^/]*@/, '//…@')}`)
  console.log(`listening on ${origin}`)
}
