import { isRecent } from '../clock.js'
import { hasRules } from '../mapping/index.js'
import type { AccessStore } from '../stores/access-store.js'
import type { Adapters } from '../stores/adapters.js'
import type { Scope } from '../stores/scope.js'

/**
 * How the gate treats requests that the rules do not allow: refuse them, report them, or neither.
 */
export type Enforcement = 'enforce' | 'report' | 'off'

/** From the weakest to the strictest. */
const modes: readonly string[] = ['off', 'report', 'enforce'] satisfies readonly Enforcement[]
const valueName = 'gate.enforcement'
/** How often a gate that gets requests notes its mode. */
export const noteEveryMs = 30_000
/** A gate that has not noted its mode for so long has been stopped, or gets no requests. */
const recentMs = 3 * noteEveryMs
const maxGates = 20

/** The mode of one gate. */
interface Note {
  readonly gate: string
  readonly mode: Enforcement
  /** When it was noted, in milliseconds since 1970. */
  readonly at: number
  /** It has started, and got no request yet. */
  readonly isUnused?: true
}

/** The gate that notes its mode, and when. */
export interface NotingGate {
  readonly gate?: string
  readonly now?: Date
  readonly isUnused?: boolean
}

/** Stores the mode of a gate, so that the settings page can show it from any process. */
export async function noteEnforcement(
  access: AccessStore,
  scope: Scope,
  mode: Enforcement,
  { gate = 'gate', now = new Date(), isUnused = false }: NotingGate = {},
): Promise<void> {
  const others = (await notes(access, scope)).filter((each) => each.gate !== gate)
  const own: Note = { gate, mode, at: now.getTime(), ...(isUnused && { isUnused }) }
  await access.setValue(scope, valueName, JSON.stringify([own, ...others].slice(0, maxGates)))
}

/**
 * When a gate was started, if no gate has got a request since, for so long that it is worth a
 * warning: it may be mounted where no request comes to it.
 */
export async function unusedGateSince(
  access: AccessStore,
  scope: Scope,
  now = new Date(),
): Promise<string | undefined> {
  const [last] = await notes(access, scope)
  if (!last?.isUnused || isRecent(last.at, now.getTime(), recentMs)) return undefined
  return new Date(last.at).toISOString()
}

/**
 * The mode of the gate that is in use, the weakest one if there are several: what one of them lets
 * pass is not enforced. If none is in use now, the mode of the one that was last; `undefined` if no
 * gate was ever started.
 */
export async function enforcementOf(
  access: AccessStore,
  scope: Scope,
  now = new Date(),
): Promise<Enforcement | undefined> {
  const all = await notes(access, scope)
  const inUse = all.filter(({ at }) => isRecent(at, now.getTime(), recentMs))
  const considered = inUse.length > 0 ? inUse : all.slice(0, 1)
  return considered
    .map(({ mode }) => mode)
    .sort((one, other) => modes.indexOf(one) - modes.indexOf(other))[0]
}

/** What gates have noted, the last first. Earlier versions noted only the mode of one gate. */
async function notes(access: AccessStore, scope: Scope): Promise<readonly Note[]> {
  const value = await access.getValue(scope, valueName)
  if (value === undefined) return []
  if (modes.includes(value)) return [{ gate: '', mode: value as Enforcement, at: 0 }]
  return JSON.parse(value) as readonly Note[]
}

/**
 * `some`: mapping rules exist, or attribute values of users give roles. `none`: there never was a
 * rule. `deleted`: the last rule was deleted; whatever the rules had closed stays closed.
 */
export type RulesState = 'none' | 'some' | 'deleted'

/** Whether rules or attribute values give roles in this tenant. One cheap query. */
export async function rulesState(
  { access, policy }: Pick<Adapters, 'access' | 'policy'>,
  scope: Scope,
): Promise<RulesState> {
  if ((policy?.roles_users?.length ?? 0) > 0) return 'some'
  if (!access) return 'none'
  const { rules, version } = await access.rules(scope)
  if (hasRules(rules)) return 'some'
  return version === '0' ? 'none' : 'deleted'
}
