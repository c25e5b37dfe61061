import type { Finding } from '../../stores/finding.js'
import type { SettingsContext } from '../options.js'

const patienceMs = 5_000

/** Whether the host behind the stores allows what is wanted, asked now; empty where the adapters cannot say. */
export async function readFindings({ adapters }: SettingsContext): Promise<readonly Finding[]> {
  return (await adapters.examine?.(AbortSignal.timeout(patienceMs))) ?? []
}

/** Code of the finding that roles, workspaces and projects give nobody anything in this host. */
const notEnforced = 'roles-not-enforceable'
const freshMs = 60_000
const known = new WeakMap<
  object,
  { readonly until: number; readonly message: string | undefined }
>()

/**
 * Why rules are recorded and not in force, in a sentence; `undefined` where they are in force. It says so by the finding
 * `roles-not-enforceable`. Remembered for a minute, and what was known stays true while the host cannot be asked.
 */
export async function whyNotInForce(context: SettingsContext): Promise<string | undefined> {
  const { adapters, clock } = context
  const now = clock().getTime()
  const last = known.get(adapters)
  if (last && now < last.until) return last.message
  const findings = await readFindings(context).catch(() => [])
  const found = findings.find(({ code }) => code === notEnforced)
  const isAnswered = findings.length > 1 || found !== undefined
  const message = isAnswered ? found?.message : last?.message
  known.set(adapters, { until: now + freshMs, message })
  return message
}
