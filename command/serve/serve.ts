import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Express } from 'express'
import { createReconciler } from 'label-studio-scim'
import {
  type ImportOptions,
  type LabelStudioAdapters,
  labelStudioAdapters,
  labelStudioPolicy,
  sinceFirstRule,
} from 'label-studio-scim/adapters/label-studio'
import type { SqlAdapters } from 'label-studio-scim/adapters/sql'
import { type CommandCall, UsageError } from '../command.js'
import { newFile, openDatabase, shownDatabase } from '../database.js'
import type { LabelStudioEnvironment } from '../label-studio.js'
import { needing } from '../needing.js'
import { progressPrinter } from '../progress.js'
import { examined } from '../warnings.js'
import { closeTheRest, createApp, createSettingsApp } from './app.js'
import {
  type Access,
  type HostEnvironment,
  type RulesMode,
  readEnvironment,
} from './environment.js'
import { answersAt } from './ready.js'
import { closeServer, stopOnSignals } from './stop.js'

/**
 * How long a connection may be idle, in milliseconds: longer than the 60 s of most load balancers.
 * The side that ends it first must be theirs, else a request may arrive at a closed connection.
 */
const keepAliveTimeout = 75_000

/**
 * How many requests a connection may have until its client has to open another one. Some clients
 * send all of them at once. nginx has the same limit.
 */
const maxRequestsPerSocket = 1_000

/**
 * Runs a complete SCIM service provider in one process. If the environment names a Label Studio, it
 * provisions that Label Studio and acts as a proxy in front of it. Resolves when it listens.
 */
export async function serve({ environment: variables, tell }: CommandCall): Promise<number> {
  const environment = readEnvironment(variables)
  const created = newFile(environment.databaseUrl)
  const storage = await openDatabase(environment.databaseUrl)
  const labelStudio = environment.labelStudio && provision(storage, environment.labelStudio)
  const adapters = labelStudio?.adapters ?? storage
  const reconciler = createReconciler(adapters)
  const choices = labelStudio && {
    projects: labelStudio.adapters.projects,
    workspaces: labelStudio.adapters.workspaces,
    accounts: labelStudio.adapters.accounts,
  }
  const parts = {
    adapters,
    reconciler,
    scimDigests: environment.scim.digests,
    adminDigests: environment.admin.digests,
    ...(environment.secret && { secret: environment.secret }),
    ...(environment.trustProxy && { trustProxy: environment.trustProxy }),
    checks: {
      database: async () => {
        await storage.access.nextDue()
        return true
      },
      migrations: storage.isMigrated,
      writes: storage.isWritable,
      ...(labelStudio && { labelStudio: () => answersAt(labelStudio.url) }),
    },
    ...(choices && { choices }),
    hasOwnSettings: environment.settings !== undefined,
  }
  const app = createApp(parts)
  if (environment.isClosed) closeTheRest(app)
  const proxy =
    labelStudio && !environment.isClosed ? await proxyTo(app, labelStudio, environment) : undefined
  const server = serverOf(app)
  proxy?.attach(server)
  const settings = environment.settings && serverOf(createSettingsApp(parts))

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
  labelStudio?.adapters.importer.start({ onProgress: tellImport() })
  stopOnSignals(stop)
  if (labelStudio) await tellFindings(labelStudio.adapters, environment.rules, tell)
  const places = { origin: originOf(server), settings: originOf(settings ?? server), created }
  announce(environment, places, tell)
  return 0
}

function serverOf(app: Express): Server {
  return Object.assign(createServer({ keepAliveTimeout }, app), { maxRequestsPerSocket })
}

async function proxyTo(
  app: Express,
  { adapters, url, token }: ReturnType<typeof provision>,
  { rules: mode, scripts }: HostEnvironment,
) {
  const { labelStudioProxy } = await needing(
    'http-proxy-middleware',
    () => import('../../examples/label-studio-proxy/proxy.js'),
  )
  const isInForce = sinceFirstRule(adapters)
  const enforce = mode !== 'off' && labelStudioPolicy({ url, token, mode, scripts, isInForce })
  return labelStudioProxy(app, adapters, url, { enforce })
}

function provision(storage: SqlAdapters, { url, token, ...rest }: LabelStudioEnvironment) {
  return { url, token, adapters: labelStudioAdapters({ url, token, ...rest, storage }) }
}

/**
 * Prints the findings about Label Studio, which may also be down now and start later. A missing
 * feature is not a warning if this host's gate provides it.
 */
async function tellFindings(
  adapters: LabelStudioAdapters,
  rules: RulesMode,
  tell: CommandCall['tell'],
): Promise<void> {
  for (const finding of await examined(adapters)) {
    if (rules === 'enforce' && finding.code === 'roles-not-enforceable') continue
    const mark = finding.level === 'ok' ? 'Label Studio  ' : `${finding.level.toUpperCase()}:`
    tell(`${mark} ${finding.message}`, { finding })
  }
}

/** Prints the progress of a long import. */
function tellImport(): NonNullable<ImportOptions['onProgress']> {
  const tell = progressPrinter('Import of accounts')
  return ({ startedAt, done, total, outcome }) => {
    if (total !== undefined && !outcome) tell({ done, total, startedAt: Date.parse(startedAt) })
  }
}

function listen(
  server: Server,
  { port, host }: Pick<HostEnvironment, 'port' | 'host'>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) =>
      reject(new UsageError(`Cannot listen on port ${port} of ${host}: ${error.message}.`)),
    )
    server.listen(port, host, resolve)
  })
}

function originOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}

interface Places {
  readonly origin: string
  readonly settings: string
  /** The file of a new database. */
  readonly created: string | undefined
}

/** Prints all addresses. The line that tools wait for comes last. */
function announce(
  environment: HostEnvironment,
  { origin, settings, created }: Places,
  tell: CommandCall['tell'],
): void {
  const { scim, admin, labelStudio, isClosed } = environment
  const database = shownDatabase(environment.databaseUrl)
  const lines = [
    `SCIM base URL  ${origin}/scim/v2`,
    `SCIM token     ${shownToken('SCIM_TOKEN', scim)}`,
    `settings page  ${settings}/scim/settings`,
    `settings API   ${settings}/api/scim/settings`,
    `admin token    ${shownToken('ADMIN_TOKEN', admin)}`,
    `health check   ${origin}/healthz and ${origin}/readyz`,
    ...(labelStudio
      ? [`Label Studio   ${isClosed ? closed : `${origin}/ (behind the access gate)`}`]
      : []),
    `database       ${database}${created ? ` (new: ${created})` : ''}`,
    `listening on ${origin}`,
  ]
  tell(lines.join('\n'), {
    listening: origin,
    scim: `${origin}/scim/v2`,
    settings: `${settings}/scim/settings`,
    database,
    ...(created && { created }),
    ...(scim.made && { scimToken: scim.made }),
    ...(admin.made && { adminToken: admin.made }),
  })
}

const closed = 'closed to everybody (LABEL_STUDIO_GATE=closed)'

function shownToken(name: string, { made }: Access): string {
  return made ? `${made} (made for this run; set your own with ${name})` : 'as set'
}
