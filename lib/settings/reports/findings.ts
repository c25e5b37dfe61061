import { type Enforcement, enforcementOf, rulesState, unusedGateSince } from '../../access/index.js'
import { stopwatch } from '../../clock.js'
import type { Finding } from '../../stores/finding.js'
import type { Scope } from '../../stores/scope.js'
import type { SettingsContext } from '../options.js'

const timeoutMs = 5_000

/** Code of the finding that the host itself cannot enforce what rules give. */
const notEnforceable = 'roles-not-enforceable'

/**
 * The findings of the host behind the stores, asked now; empty if the adapters cannot tell. If the
 * gate enforces what the host cannot, that is reported instead.
 */
export async function readFindings(
  context: SettingsContext,
  scope: Scope,
): Promise<readonly Finding[]> {
  const { access } = context.adapters
  const [findings, enforcement, noRules, unusedSince] = await Promise.all([
    askForFindings(context),
    enforcementOf(access, scope),
    noRulesLeft(context, scope),
    unusedGateSince(access, scope, context.clock()),
  ])
  const told = findings.map((finding) =>
    finding.code === notEnforceable ? withGate(finding, enforcement) : finding,
  )
  const warnings = [
    ...(noRules === undefined ? [] : [['no-rules-left', noRules] as const]),
    ...(unusedSince === undefined ? [] : [['gate-unused', unusedSentence(unusedSince)] as const]),
  ]
  return [
    ...told,
    ...warnings.map(([code, message]) => ({ level: 'warning' as const, code, message })),
  ]
}

function unusedSentence(since: string): string {
  return (
    `A gate was started at ${since}, and no request has come to it since. If anybody has used ` +
    'Label Studio since then, they do not pass the gate: mount it before the proxy, and let ' +
    'Label Studio be reached only through it.'
  )
}

/**
 * A sentence about the consequences if the last rule was deleted. `undefined` if there are rules,
 * if there never were any, or if the gate does not enforce them.
 */
export async function noRulesLeft(
  { adapters }: SettingsContext,
  scope: Scope,
): Promise<string | undefined> {
  if ((await enforcementOf(adapters.access, scope)) !== 'enforce') return undefined
  return (await rulesState(adapters, scope)) === 'deleted' ? noRulesSentence : undefined
}

const noRulesSentence =
  'The last rule was deleted, and the gate still enforces: ' +
  'nobody below Administrator sees a project. Make rules, or start the host with ' +
  'LABEL_STUDIO_RULES=off to open everything to everybody.'

function withGate(finding: Finding, enforcement: Enforcement | undefined): Finding {
  if (enforcement === 'report') return { ...finding, message: onlyReported }
  if (enforcement !== 'enforce') return finding
  const message =
    'The gate enforces roles, workspaces and projects, which Label Studio itself cannot.'
  return { level: 'ok', code: 'roles-enforced-by-gate', message }
}

const onlyReported =
  'The gate reports what the rules do not give, and refuses nothing of it. ' +
  'The page "Status" lists what would be refused.'

async function askForFindings({ adapters }: SettingsContext): Promise<readonly Finding[]> {
  return (await adapters.examine?.(AbortSignal.timeout(timeoutMs))) ?? []
}

const freshMs = 60_000
const known = new WeakMap<
  object,
  { readonly age: () => number; readonly finding: Finding | undefined }
>()

/**
 * Who enforces what rules give: the host itself, the gate in front of it, or nobody, with the
 * reason in a sentence.
 */
export type RulesInForce =
  | { readonly by: 'host' | 'gate' }
  | { readonly by: 'nobody'; readonly why: string }

/**
 * Finds out who enforces the rules. A host that cannot has the finding `roles-not-enforceable`,
 * which is cached for a minute; while the host does not answer, the last finding stays valid. The
 * mode of the gate is read each time.
 */
export async function rulesInForce(context: SettingsContext, scope: Scope): Promise<RulesInForce> {
  const finding = await hostCannot(context)
  if (!finding) return { by: 'host' }
  const enforcement = await enforcementOf(context.adapters.access, scope)
  if (enforcement === 'enforce') return { by: 'gate' }
  return { by: 'nobody', why: withGate(finding, enforcement).message }
}

/** Why rules are recorded but not in force, in a sentence; `undefined` if they are in force. */
export async function whyNotInForce(
  context: SettingsContext,
  scope: Scope,
): Promise<string | undefined> {
  const inForce = await rulesInForce(context, scope)
  return inForce.by === 'nobody' ? inForce.why : undefined
}

async function hostCannot(context: SettingsContext): Promise<Finding | undefined> {
  const { adapters, clock } = context
  const last = known.get(adapters)
  if (last && last.age() < freshMs) return last.finding
  const age = stopwatch(() => clock().getTime())
  const findings = await askForFindings(context).catch(() => [])
  const found = findings.find(({ code }) => code === notEnforceable)
  const isAnswered = findings.length > 1 || found !== undefined
  const finding = isAnswered ? found : last?.finding
  known.set(adapters, { age, finding })
  return finding
}
